"""What is signed, as a scrolling text: amounts and counterparties first, then everything."""

import tkinter as tk
import tkinter.font
from collections.abc import Sequence
from dataclasses import dataclass
from tkinter import ttk
from typing import Self

from card_signer.lines import Line

# the first that is installed: others draw Chinese in another country's forms, or not at all
FAMILIES = (
    "Microsoft YaHei UI",
    "PingFang SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
)
_COLUMN_PART = 0.36  # of the width, that labels may take
_INDENT = "　"


@dataclass(frozen=True)
class Style:
    """Fonts, colours, the width of a line in pixels."""

    plain: tkinter.font.Font
    bold: tkinter.font.Font
    large: tkinter.font.Font
    width: int
    faint: str = "#666666"
    warning: str = "#a05a00"
    danger: str = "#c00000"

    @classmethod
    def of(cls, root: tk.Tk) -> Self:
        """As fits this screen."""
        if root.tk.call("tk", "windowingsystem") == "x11":  # whose own look is of the nineties
            ttk.Style(root).theme_use("clam")
        plain = tkinter.font.nametofont("TkDefaultFont", root)
        installed = set(tkinter.font.families(root))
        family = next((each for each in FAMILIES if each in installed), plain.actual("family"))
        plain.configure(family=family)
        size = int(plain.actual("size"))
        bold = tkinter.font.Font(root, family=family, size=size, weight="bold")
        large = tkinter.font.Font(root, family=family, size=size + 2, weight="bold")
        return cls(plain, bold, large, width=plain.measure("汉") * 44)


class Reading:
    """All lines; none is cut, however long."""

    def __init__(self, parent: ttk.Frame, lines: Sequence[Line], style: Style) -> None:
        self.frame = ttk.Frame(parent)
        self.text = tk.Text(
            self.frame, wrap="char", font=style.plain, width=1, height=16, padx=8, pady=8, bd=1
        )
        bar = ttk.Scrollbar(self.frame, command=self.text.yview)
        self.text.configure(yscrollcommand=bar.set, relief="solid", cursor="arrow")
        bar.pack(side="right", fill="y")
        self.text.pack(side="left", fill="both", expand=True)
        self._fill(lines, style)
        self.text.configure(state="disabled")

    def page(self, number: int) -> None:
        """Turn pages."""
        self.text.yview_scroll(number, "pages")

    def _fill(self, lines: Sequence[Line], style: Style) -> None:
        widest = max((style.plain.measure(_label(line)) for line in lines), default=0)
        column = min(widest + 24, int(style.width * _COLUMN_PART))
        self.text.configure(tabs=(column,))
        self.text.tag_configure("key", font=style.bold, lmargin2=column)
        self.text.tag_configure("rule", font=style.plain, foreground=style.faint, spacing1=6)
        self.text.tag_configure("line", lmargin2=column)
        keys = [line for line in lines if line.is_key]
        for line in keys:
            self.text.insert("end", f"{line.label}\t{line.text}\n", "key")
        if keys:
            self.text.insert("end", "全部内容\n", "rule")
        for line in lines:
            self.text.insert("end", f"{_label(line)}\t{line.text}\n", "line")
        self.text.delete("end-1c")


def _label(line: Line) -> str:
    return _INDENT * line.depth + line.label
