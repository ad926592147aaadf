"""Routes that tell of the server itself."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

import spinescan
from spinescan.app.web.films import Films
from spinescan.app.web.guards import PREFIX, bearer
from spinescan.app.web.models import About, BundleAnswer, errors
from spinescan.core.report import RESEARCH_USE, SCHEMA_VERSION
from spinescan.infer.bundle import CARD_FILE
from spinescan.io import words


def about_routes(films: Films) -> APIRouter:
    """Health, limits and words, which need no token; and the models."""
    routes = APIRouter(tags=["server"])
    settings = films.settings

    @routes.get("/health", responses={200: {"description": "The server answers."}})
    async def health() -> dict[str, str]:
        """Whether the server answers."""
        return {"status": "ok"}

    @routes.get("/ready", responses={503: {"description": "The models are being loaded."}})
    async def ready() -> Response:
        """Whether films can be scanned."""
        status = "ready" if films.ready else "loading"
        return JSONResponse({"status": status}, 200 if films.ready else 503)

    @routes.get(f"{PREFIX}/about")
    async def about() -> About:
        """The server's limits, and the words for the codes in a Report."""
        return About(
            product=words.product(),
            version=spinescan.__version__,
            schema_version=SCHEMA_VERSION,
            research_use=RESEARCH_USE,
            token_required=bool(settings.tokens),
            urls_allowed=settings.allow_urls,
            cases=films.saved is not None,
            keep_minutes=settings.keep_minutes,
            max_bytes=settings.max_bytes,
            max_pixels=settings.max_pixels,
            max_films=settings.max_films,
            words=words.every_word(),
        )

    @routes.get(f"{PREFIX}/bundles", responses=errors(), dependencies=bearer(settings))
    async def bundles() -> list[BundleAnswer]:
        """The models that this server has."""
        return [
            BundleAnswer(
                name=bundle.name,
                version=bundle.version,
                task=bundle.task if bundle.classifier is None else bundle.classifier.task.name,
                labels=[] if bundle.classifier is None else list(bundle.classifier.task.codes),
                on_request=bundle.classifier is not None and bundle.classifier.on_request,
                card=bundle.card if (bundle.folder / CARD_FILE).is_file() else "",
            )
            for bundle in films.bundles
        ]

    return routes
