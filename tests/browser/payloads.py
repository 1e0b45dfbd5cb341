"""Fifty texts that run a script where they are put into a page as they are, one way or another.

``RUN`` stands for the call that tells it.
"""

from __future__ import annotations

from dataclasses import dataclass

SINKS = {
    "text": "<div>{}</div>",
    "double": '<style>@keyframes a {{}}</style><i title="{}">x</i>',
    "single": "<style>@keyframes a {{}}</style><i title='{}'>x</i>",
    "link": '<a href="{}">x</a>',
    "string": '<script>let x = "{}";</script>',
    "template": "<script>let x = `{}`;</script>",
}
"""Where each kind of them runs, if nothing is escaped and nothing forbidden."""

_TEXTS = {
    "text": """
<script>RUN</script>
<ScRiPt>RUN</sCrIpT>
<script type=module>RUN</script>
<script src="data:text/javascript,RUN"></script>
<img src=x onerror=RUN>
<img/src="x"/onerror=RUN>
<img src=x:x onerror=RUN//
<img src=x onerror="&#119;indow.RUN">
<IMG SRC=x ONERROR="RUN">
<picture><img srcset=x onerror=RUN></picture>
<svg onload=RUN>
<svg><script>RUN</script></svg>
<svg><image href=x onerror=RUN>
<svg><animate onbegin=RUN attributeName=x dur=1s>
<svg><set onbegin=RUN attributeName=x>
<math><mtext><img src=x onerror=RUN></mtext></math>
<body onload=RUN>
<iframe srcdoc="<script>parent.RUN</script>"></iframe>
<iframe src="javascript:parent.RUN"></iframe>
<details open ontoggle=RUN>x</details>
<input autofocus onfocus=RUN>
<video src=x onerror=RUN></video>
<audio src=x onerror=RUN>
<style onload=RUN></style>
<link rel=stylesheet href="data:text/css," onload=RUN>
</title><script>RUN</script>
</textarea><script>RUN</script>
</style><script>RUN</script>
</noscript><script>RUN</script>
--><script>RUN</script>
]]><script>RUN</script>
<dialog open><img src=x onerror=RUN></dialog>
<style>@keyframes b {}</style><p style="animation: b" onanimationstart=RUN>
""",
    "double": """
"><script>RUN</script>
"><img src=x onerror=RUN>
" tabindex=1 autofocus onfocus=RUN x="
" style="animation: a" onanimationstart=RUN x="
""",
    "single": """
'><script>RUN</script>
'><svg onload=RUN>
' tabindex=1 autofocus onfocus=RUN x='
""",
    "link": """
javascript:RUN
JaVaScRiPt:RUN
java\tscript:RUN
javascript://example.org/%0aRUN
javascript&colon;RUN
""",
    "string": """
"-RUN-"
";RUN;//
</script><script>RUN</script>
""",
    "template": """
${RUN}
`-RUN-`
""",
}


@dataclass(frozen=True, slots=True)
class Payload:
    """A text that calls ``ran(number)`` in its kind of place."""

    number: int
    sink: str
    text: str

    @property
    def unsafe_page(self) -> str:
        """A page in which nothing stops it."""
        return SINKS[self.sink].format(self.text)

    @property
    def file_name(self) -> str:
        """A name of a file that holds as much of it as names can."""
        return self.text.replace("/", "\u2215").replace("\t", " ") + f" {self.number}.txt"


PAYLOADS = tuple(
    Payload(number, sink, text.replace("RUN", f"ran({number})"))
    for number, (sink, text) in enumerate(
        ((sink, line) for sink, lines in _TEXTS.items() for line in lines.strip("\n").split("\n")),
        start=1,
    )
)
assert len(PAYLOADS) == 50
