"""Headers that every answer carries, and the cookies' rules."""

from flask import Flask, Response

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
#: Pages hold what colleagues wrote in confidence: no copy on the disk of a shared or company computer.
_NO_COPY = "no-store"


def security_headers(*, is_https: bool) -> dict[str, str]:
    """What every answer carries, pages and static files alike."""
    if not is_https:
        return dict(_HEADERS)
    return {**_HEADERS, "Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def init_security(app: Flask, *, is_https: bool) -> None:
    """Set the headers on every answer and keep the session cookie away from scripts and other sites."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-network" if is_https else "network",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    headers = security_headers(is_https=is_https)

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", _NO_COPY)
        return response
