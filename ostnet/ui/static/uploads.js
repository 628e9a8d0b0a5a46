// Every upload names its session, so that the server deletes it when the visitor leaves. Gradio's
// requests for a session's events name it in their address.
(() => {
  const request = window.fetch;
  let session = '';
  window.fetch = (input, settings = {}) => {
    const address = String(input.url ?? input);
    session = address.match(/(?:\/heartbeat\/|[?&]session_hash=)(\w+)/)?.[1] ?? session;
    if (!/\/upload($|\?)/.test(address)) return request(input, settings);
    const headers = new Headers(settings.headers);
    headers.set('x-session', session);
    return request(input, {...settings, headers});
  };
})();
