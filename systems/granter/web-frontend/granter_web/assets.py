"""Assets: the style sheet, the script and the icon, whose addresses contain a digest of their content."""

from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


class Assets:
    def __init__(self) -> None:
        self._content = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in TYPES}
        self._digest = {name: sha256(content).hexdigest()[:12] for name, content in self._content.items()}

    def address(self, name: str) -> str:
        return f"/static/{name}?v={self._digest[name]}"

    async def serve(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._content:
            return PlainTextResponse("file not found\n", status_code=404)
        # While two releases run side by side, a page of one may request an asset of the other; it must not be cached.
        ours = request.query_params.get("v") == self._digest[name]
        return Response(
            self._content[name],
            media_type=TYPES[Path(name).suffix],
            headers={"Cache-Control": "public, max-age=31536000, immutable" if ours else "no-store"},
        )
