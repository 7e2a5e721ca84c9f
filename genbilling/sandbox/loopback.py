"""Whether something is on this machine."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Return whether a name or an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_asked_here(host: str, client: str) -> bool:
    """Return whether a request came from this machine, and for it.

    ``client`` is the address it came from, ``host`` its Host header, which may be empty. Under another
    name than this machine's own, a page elsewhere could have a browser on this machine ask for it.
    """
    name = host.rpartition(":")[0] if re.search(r":[0-9]+$", host) else host
    return is_loopback(client) and (not name or is_loopback(name.strip("[]")))


def is_from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Return whether a browser sends a request for a page of another address, this machine's others included.

    Browsers say so with every request that may change something, and no page can keep them from it; what is
    no browser says nothing.
    """
    said = {name.lower(): value for name, value in headers.items()}
    if said.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    origin = said.get("origin")
    # Without an address of its own, a page in a frame that is shut off, say, it is "null".
    return origin is not None and urlsplit(origin).netloc.lower() != said.get("host", "").lower()
