"""What the window looks like and what its keys do."""

import tkinter as tk
import tkinter.font
from time import monotonic
from tkinter import ttk

from card_signer.consent import Question
from card_signer.window.opening import open_file
from card_signer.window.sheet import PIN
from card_signer.window.text import Reading, Style

VISIBLE_MS = 1_000  # before it can be agreed to: nobody agrees to what pops up under their fingers
_TICK_MS = 200
_HIDDEN = "VisibilityFullyObscured"
_DOT = "●"
_PAD = 12


class View:
    """One question. Made and run in the main thread. Raises TclError when there is no display."""

    def __init__(self, question: Question, seconds: float) -> None:
        self._question, self._deadline = question, monotonic() + seconds
        self._answer = b"CANCELLED"
        self._ready, self._waiting = False, ""
        self.root = tk.Tk(className="card-signer")
        self.root.tk.eval("catch {rename send {}}")  # other programs would give us commands by it
        self._style = Style.of(self.root)
        self._use_last = tk.BooleanVar(self.root, value=False)
        self._typed = tk.StringVar(self.root)
        self._build()
        self._bind()

    def run(self) -> bytes:
        """Show it until the user says something: the answer, as `sheet` says."""
        self._tick()
        self.root.mainloop()
        return self._answer

    def _build(self) -> None:
        self.root.title(f"卡签名确认 · {self._question.title}")
        self.root.attributes("-topmost", True)
        self.root.minsize(520, 420)
        frame = ttk.Frame(self.root, padding=_PAD)
        frame.pack(fill="both", expand=True)
        foot = ttk.Frame(frame)
        foot.pack(side="bottom", fill="x", pady=(_PAD, 0))  # first, so that it is never cut off
        self._head(frame).pack(fill="x")
        self.reading = Reading(frame, self._question.lines, self._style)
        self.reading.frame.pack(fill="both", expand=True, pady=(_PAD, 0))
        self._foot(foot)

    def _head(self, parent: ttk.Frame) -> ttk.Frame:
        head, style, question = ttk.Frame(parent), self._style, self._question
        for row, (label, text, font) in enumerate(
            (
                ("网站", question.origin, style.large),
                ("操作", question.title, style.large),
                ("持卡人", question.holder, style.plain),
            )
        ):
            ttk.Label(head, text=label, foreground=style.faint).grid(row=row, column=0, sticky="nw")
            said = ttk.Label(head, text=text, font=font, wraplength=style.width)
            said.grid(row=row, column=1, sticky="w", padx=(_PAD, 0))
        if question.file:
            look = ttk.Button(head, text="打开文件核对", command=self._look)
            look.grid(row=3, column=1, sticky="w", padx=(_PAD, 0))
        for row, note in enumerate(question.notes, 4):
            warning = ttk.Label(
                head, text=f"注意：{note}", foreground=style.warning, wraplength=style.width
            )
            warning.grid(row=row, column=1, sticky="w", padx=(_PAD, 0))
        return head

    def _look(self) -> None:
        open_file(self._question.file)

    def _foot(self, foot: ttk.Frame) -> None:
        style, left = self._style, self._question.tries_left
        if self._question.is_last_try:
            ttk.Label(
                foot,
                text="只剩最后一次密码尝试！再错卡将锁定。",
                font=style.bold,
                foreground=style.danger,
            ).pack(anchor="w")
            word = ttk.Checkbutton(foot, text="我要使用最后一次尝试", variable=self._use_last)
            word.pack(anchor="w")
        row = ttk.Frame(foot)
        row.pack(fill="x", pady=(_PAD // 2, 0))
        ttk.Label(row, text=self._question.pin).pack(side="left")
        self._entry = ttk.Entry(row, textvariable=self._typed, show=_DOT, width=14)
        self._entry.configure(exportselection=False)
        self._entry.pack(side="left", padx=_PAD)
        if left is not None:
            ttk.Label(row, text=f"还可以尝试{left}次", foreground=style.faint).pack(side="left")
        self._agree = ttk.Button(row, text="同意", command=self._agreed)
        self._agree.pack(side="right")
        ttk.Button(row, text="取消", command=self._cancelled).pack(side="right", padx=_PAD)
        self._clock = ttk.Label(row, foreground=style.faint)
        self._clock.pack(side="right")
        self._be_ready(False)

    def _bind(self) -> None:
        root = self.root
        root.protocol("WM_DELETE_WINDOW", self._cancelled)
        root.bind("<Escape>", lambda _: self._cancelled())
        root.bind("<Map>", lambda event: self._seen(event.widget, hidden=False))
        root.bind("<Unmap>", lambda event: self._seen(event.widget, hidden=True))
        root.bind("<Visibility>", lambda event: self._seen(event.widget, event.state == _HIDDEN))
        root.bind("<KeyPress>", lambda _: self._early())
        root.bind("<Prior>", lambda _: self.reading.page(-1))
        root.bind("<Next>", lambda _: self.reading.page(1))
        self._entry.bind("<Return>", lambda _: self._agreed())
        self._entry.bind("<KP_Enter>", lambda _: self._agreed())
        self._entry.focus_set()

    def _seen(self, widget: object, hidden: bool) -> None:
        if widget is not self.root:
            return
        if hidden:
            self._be_ready(False)
        elif not self._ready and not self._waiting:
            self._wait()

    def _early(self) -> None:
        """What is typed before it could be read was meant for something else: wait for silence."""
        if not self._ready:
            self._wait()

    def _wait(self) -> None:
        self._be_ready(False)
        self._waiting = self.root.after(VISIBLE_MS, self._be_ready, True)

    def _be_ready(self, ready: bool) -> None:
        if self._waiting:
            self.root.after_cancel(self._waiting)
            self._waiting = ""
        self._ready = ready
        for widget in (self._entry, self._agree):
            widget.state(["!disabled" if ready else "disabled"])

    def _tick(self) -> None:
        left = self._deadline - monotonic()
        if left <= 0:
            self._done(b"NO_ANSWER")
            return
        self._clock.configure(text=f"剩余 {left:.0f} 秒")
        self.root.after(_TICK_MS, self._tick)

    def _agreed(self) -> None:
        typed = self._typed.get()
        if not self._ready or not typed:
            return
        if self._question.is_last_try and not self._use_last.get():
            self._done(b"LAST_TRY")
        else:
            self._done(PIN + typed.encode())

    def _cancelled(self) -> None:
        self._done(b"CANCELLED")

    def _done(self, answer: bytes) -> None:
        self._answer = answer
        self.root.destroy()
