"""What somebody may write to have a page run it: more than sixty ways."""

from __future__ import annotations

import re

__all__ = ["PAYLOADS", "RUN", "is_harmless"]

ELEMENT = re.compile(r"<(/?)([a-zA-Z][\w-]*)([^<>]*)>")
HARMLESS = set(
    "a blockquote br code em h1 h2 h3 h4 h5 h6 hr li ol p pre s strong table tbody td th thead "
    "tr ul".split()
)
GIVEN = re.compile(
    r'(?: (?:href="(?:https?://|mailto:)[^"]*"|rel="noopener noreferrer nofollow"'
    r'|class="language-[\w+#.-]+"|start="\d+"))*'
)


def is_harmless(html: str) -> bool:
    """Whether none of its elements and attributes could act."""
    return all(
        name in HARMLESS and GIVEN.fullmatch(given.rstrip(" /"))
        for _, name, given in ELEMENT.findall(html)
    )


# What each would do; the page's title says whether one of them could.
RUN = "document.title='run'"

PAYLOADS = [
    text.replace("RUN", RUN)
    for text in [
        "<script>RUN</script>",
        "</script><script>RUN</script>",
        "<SCRIPT SRC=data:text/javascript,RUN></SCRIPT>",
        "<script\n>RUN</script\n>",
        "<scr<script>ipt>RUN</scr</script>ipt>",
        "<img src=x onerror=RUN>",
        '<img src=x onerror="RUN">',
        "<img src=x:x onerror\n=\nRUN>",
        '"><img src=x onerror=RUN>',
        "'><img src=x onerror=RUN>",
        "</textarea><img src=x onerror=RUN>",
        "</title><img src=x onerror=RUN>",
        "</style><img src=x onerror=RUN>",
        "</pre></code><img src=x onerror=RUN>",
        "</summary></details><img src=x onerror=RUN>",
        "-->\n<img src=x onerror=RUN>",
        "<!--><img src=x onerror=RUN>-->",
        "<![CDATA[<img src=x onerror=RUN>]]>",
        "<svg onload=RUN>",
        "<svg/onload=RUN>",
        "<svg><script>RUN</script></svg>",
        "<svg><animate onbegin=RUN attributeName=x dur=1s>",
        '<svg><a xlink:href="javascript:RUN"><text y=20>x</text></a></svg>',
        "<svg><foreignObject><img src=x onerror=RUN></foreignObject></svg>",
        "<svg><use href=\"data:image/svg+xml,<svg id='x' onload='RUN'/>#x\"/></svg>",
        "<math><mtext><table><mglyph><style><!--</style><img src=x onerror=RUN>",
        '<math href="javascript:RUN">x</math>',
        "<body onload=RUN>",
        '<iframe src="javascript:RUN"></iframe>',
        '<iframe srcdoc="<script>parent.RUN</script>"></iframe>',
        '<object data="javascript:RUN"></object>',
        '<embed src="javascript:RUN">',
        "<video><source onerror=RUN></video>",
        "<audio src=x onerror=RUN>",
        '<video poster="javascript:RUN"></video>',
        "<input autofocus onfocus=RUN>",
        "<select autofocus onfocus=RUN>",
        "<textarea autofocus onfocus=RUN>",
        "<details open ontoggle=RUN><summary>x</summary></details>",
        "<marquee onstart=RUN>x</marquee>",
        '<form action="javascript:RUN"><button>x</button></form>',
        '<button formaction="javascript:RUN">x</button>',
        '<isindex action="javascript:RUN" type=submit>',
        '<base href="javascript:RUN//"><a href=x>x</a>',
        '<meta http-equiv=refresh content="0;url=javascript:RUN">',
        '<link rel=stylesheet href="javascript:RUN">',
        "<style>@import 'javascript:RUN';</style>",
        '<style>*{background:url("javascript:RUN")}</style>',
        '<p style="background:url(javascript:RUN)">x</p>',
        '<a href="javascript:RUN">x</a>',
        '<a href=" \x01javascript:RUN">x</a>',
        '<a href="java\tscript:RUN">x</a>',
        '<a href="data:text/html,<script>RUN</script>">x</a>',
        "<a href=x onclick=RUN>x</a>",
        "<template><script>RUN</script></template>",
        '<noscript><p title="</noscript><img src=x onerror=RUN>">',
        "<div draggable=true ondragstart=RUN onmouseover=RUN>x</div>",
        "<x onpointerenter=RUN>x</x>",
        "[x](javascript:RUN)",
        "[x](JaVaScRiPt:RUN)",
        "[x](<javascript:RUN>)",
        "[x](vbscript:RUN)",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x]: javascript:RUN\n\n[x]",
        '![x](x "onerror=RUN")',
        '![x" onerror="RUN](y)',
        "<javascript:RUN>",
        "`<img src=x onerror=RUN>`",
        "```html\n<img src=x onerror=RUN>\n```",
        '```"><img src=x onerror=RUN>\nx\n```',
        "~~~ onmouseover=RUN\nx\n~~~",
        "| a |\n|---|\n| <img src=x onerror=RUN> |",
        "&lt;img src=x onerror=RUN&gt;",
        "&#60;img src=x onerror=RUN&#62;",
        "\\u003cimg src=x onerror=RUN\\u003e",
        "%3Cimg src=x onerror=RUN%3E",
        "\u202e<img src=x onerror=RUN>",
        "${RUN}",
        "{{constructor.constructor('RUN')()}}",
        "'-RUN-'",
    ]
]
