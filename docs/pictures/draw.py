"""Draws docs/pictures/platform.svg from Pulumi.prod.yaml: `python docs/pictures/draw.py`.

Owns: the layout. Refuses to own: any fact; sites, clusters, datasets and countries are read from the stack file and the
fact tables, and a test fails where the committed picture is not what this draws.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from ringfence.checking import check_file  # noqa: E402 - run as a script, the repository is not on the path yet
from ringfence.facts.jurisdictions import countries  # noqa: E402
from ringfence.planning.places import place_of  # noqa: E402
from ringfence.spec import Platform  # noqa: E402
from ringfence.spec.cluster import Cluster, HostedControlPlane  # noqa: E402
from ringfence.spec.pool import Pool  # noqa: E402
from ringfence.spec.site import CloudSite, EdgeSite  # noqa: E402

PICTURE = Path(__file__).with_name("platform.svg")
WIDTH, HEIGHT = 1000, 660
COLOURS = {"cloud": ("#e8f0fb", "#3465a4"), "datacentre": ("#e9f5ea", "#3b7d3f"), "edge": ("#fdf3e0", "#b3731b")}
INK, FAINT = "#222222", "#666666"
FENCE = "EEA"
"""The countries inside the dashed line."""
_STYLE = (
    "text{font-family:'DejaVu Sans',Verdana,Helvetica,sans-serif;fill:" + INK + "}"
    ".t{font-size:13px;font-weight:bold}.s{font-size:11px}.f{font-size:11px;fill:" + FAINT + "}.h{font-size:12px;"
    "font-weight:bold;fill:" + FAINT + "}"
)


def text(x: float, y: float, said: str, kind: str = "s", anchor: str = "start") -> str:
    """One line of text."""
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(said)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str) -> str:
    """A rounded rectangle in the colours of a kind of site."""
    fill, line = COLOURS[kind]
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}" stroke="{line}" '
        'stroke-width="1.3"/>'
    )


def line(x1: float, y1: float, x2: float, y2: float, colour: str = FAINT, dashes: str = "") -> str:
    """An arrow."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="1.3"{dashed} '
        'marker-end="url(#head)"/>'
    )


def _accelerators(pool: Pool) -> str:
    """`h100 32`: how many accelerators a pool has at its largest."""
    short = (pool.accelerator or "").removeprefix("nvidia-").split("-")[0].upper()
    cut = " MIG" if pool.sharing.kind == "mig" else " shared" if pool.sharing.kind == "time-slicing" else ""
    return f"{pool.largest * pool.accelerators_per_node} {short}{cut}"


def _pools(cluster: Cluster) -> str:
    return ", ".join(_accelerators(pool) for pool in cluster.pools.values() if pool.accelerator)


def picture(platform: Platform) -> str:
    """The whole SVG."""
    body = [*_file_to_engine(), *_fence(platform), *_clouds(platform), *_datacentres(platform), *_legend()]
    head = (
        '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="{FAINT}"/></marker>'
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>The reference platform {escape(platform.name)}</title>",
            f"<style>{_STYLE}</style><defs>{head}</defs>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            *body,
            "</svg>\n",
        ]
    )


STEPS = (
    ("Pulumi.prod.yaml", "one typed file"),
    ("ringfence check", "every finding, in a second"),
    ("planning", "counts, quotas, money"),
    ("components", "Pulumi resources"),
    ("policy pack", "refuses at preview"),
    ("pulumi up", "clouds, metal, edge"),
)


def _file_to_engine() -> Iterator[str]:
    wide, gap = 142, 22
    for place, (title, about) in enumerate(STEPS):
        x = 20 + place * (wide + gap)
        yield f'<rect x="{x}" y="16" width="{wide}" height="46" rx="6" fill="#f4f4f4" stroke="{FAINT}"/>'
        yield text(x + wide / 2, 35, title, "t", "middle")
        yield f'<text x="{x + wide / 2}" y="52" text-anchor="middle" style="font-size:10px;fill:{FAINT}">{about}</text>'
        if place:
            yield line(x - gap + 1, 39, x - 2, 39)


def _fence(platform: Platform) -> Iterator[str]:
    yield (
        '<rect x="14" y="84" width="762" height="560" rx="14" fill="none" stroke="#a03030" stroke-width="2" '
        'stroke-dasharray="9 5"/>'
    )
    fenced = [name for name, row in platform.data_classes.items() if "any" not in row.rest]
    yield text(28, 104, f"inside the {FENCE}: {', '.join(fenced)} data stay here", "h")
    yield text(798, 104, f"outside the {FENCE}", "h")


def _clouds(platform: Platform) -> Iterator[str]:
    inside, outside = 0, 0
    for name, site in platform.sites.items():
        if not isinstance(site, CloudSite):
            continue
        country = place_of(site).country or "?"
        abroad = country not in countries(FENCE)
        x = 794 + outside * 200 if abroad else 28 + inside * 248
        outside, inside = outside + abroad, inside + (not abroad)
        wide = 192 if abroad else 236
        yield box(x, 116, wide, 118, "cloud")
        yield text(x + 10, 134, f"{name} ({country})", "t")
        yield text(x + 10, 149, f"{site.provider} {site.region}", "f")
        lines = [f"{key}: {_pools(each)}" for key, each in platform.clusters.items() if each.site == name]
        lines += [f"\u25a4 {key}: {each.data_class}" for key, each in platform.datasets.items() if each.site == name]
        lines += [
            f"\u25a4 {key}, copy {copy}"
            for key, each in platform.datasets.items()
            for copy, row in each.replicas.items()
            if row.site == name
        ]
        for number, said in enumerate(lines):
            yield text(x + 10, 167 + 15 * number, said)


def _datacentres(platform: Platform) -> Iterator[str]:
    names = [name for name, site in platform.sites.items() if site.kind == "datacentre"]
    for place, name in enumerate(names):
        x = 28 + place * 248
        yield box(x, 262, 236, 142, "datacentre")
        yield text(x + 10, 280, f"{name} ({place_of(platform.sites[name]).country})", "t")
        clusters = {key: each for key, each in platform.clusters.items() if each.site == name}
        for key, cluster in clusters.items():
            plane = cluster.control_plane
            if not isinstance(plane, HostedControlPlane):
                yield f'<rect x="{x + 10}" y="290" width="216" height="36" rx="4" fill="#fff" stroke="{FAINT}"/>'
                yield text(x + 18, 305, f"{key}: management cluster")
                yield text(x + 18, 319, "Cluster API, Metal3", "f")
            else:
                yield f'<rect x="{x + 10}" y="348" width="216" height="48" rx="4" fill="#fff" stroke="{FAINT}"/>'
                yield line(x + 118, 326, x + 118, 347)
                yield text(x + 124, 341, f"hosts ({plane.provider})", "f")
                yield text(x + 18, 364, f"{key}: bare metal")
                yield text(x + 18, 382, _pools(cluster))
        yield from _edges(platform, name, x)


def _edges(platform: Platform, parent: str, x: float) -> Iterator[str]:
    found = [
        (name, site) for name, site in platform.sites.items() if isinstance(site, EdgeSite) and site.parent == parent
    ]
    yield line(x + 118, 404, x + 118, 429, dashes="4 3")
    for number, (name, site) in enumerate(found):
        y = 432 + 31 * number
        [cluster] = [each for each in platform.clusters.values() if each.site == name]
        yield box(x, y, 236, 26, "edge")
        yield text(x + 8, y + 17, f"{name} ({site.country})")
        yield text(x + 228, y + 17, f"{cluster.delivery}, {site.reachability}", "f", "end")


def _legend() -> Iterator[str]:
    rows = [
        ("cloud", "cloud region: managed clusters"),
        ("datacentre", "data centre: hosted planes"),
        ("edge", "edge site: k0s on the box"),
    ]
    for number, (kind, said) in enumerate(rows):
        y = 440 + 28 * number
        yield box(794, y, 18, 16, kind)
        yield text(820, y + 12, said)
    notes = [
        "\u25a4 dataset: its class",
        "push: Pulumi applies",
        "pull: the site reconciles",
        "numbers: accelerators at most",
    ]
    for number, said in enumerate(notes):
        yield text(794, 540 + 18 * number, said, "f")


def main() -> int:
    """Write the picture; 1 where the stack file is wrong."""
    checked = check_file(ROOT / "Pulumi.prod.yaml")
    if checked.platform is None:
        print("\n".join(each.as_text() for each in checked.findings), file=sys.stderr)
        return 1
    PICTURE.write_text(picture(checked.platform), encoding="utf-8")
    print(f"drawn: {PICTURE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
