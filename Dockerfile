# The page (default) or any command, for instance:
#   docker build -t ostnet .                            # --build-arg TORCH=cu128 for NVIDIA GPUs
#   docker run -p 7860:7860 ostnet                      # --gpus all
#   docker run -v "$PWD:/data" ostnet ostnet batch /data/jobs.csv --output /data/out
FROM python:3.12-slim-bookworm

# Which builds of torch: cpu, cu126, cu128 (Blackwell GPUs need this one or a later one), ...
ARG TORCH=cpu
# Extras of this package; page,ray for clusters
ARG EXTRAS=page

WORKDIR /app
RUN pip install --no-cache-dir --index-url "https://download.pytorch.org/whl/${TORCH}" 'torch>=2.8,<=2.13.0'
COPY pyproject.toml README.md LICENSE app.py ./
COPY ostnet ostnet
COPY checkpoints checkpoints
COPY examples examples
RUN pip install --no-cache-dir -e ".[${EXTRAS}]"

RUN useradd --create-home --uid 1000 ostnet
USER ostnet
# Tab Live of the page, which every new container would build otherwise
RUN ostnet export --format web || echo "the page will try again when it starts"
ENV GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    PYTHONUNBUFFERED=1
EXPOSE 7860

# A container that runs another command than the page is healthy as long as it runs.
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \
    CMD ! grep -q app.py /proc/1/cmdline || python -c "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/', timeout=4)"

# Ctrl-C: ends the page, and a batch, which deletes its unfinished files
STOPSIGNAL SIGINT
CMD ["python", "app.py"]
