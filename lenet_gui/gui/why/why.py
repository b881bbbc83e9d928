"""The panel that answers why a number is what it is, and leads on from each number of the answer.

The formulas are the engine's; here they are laid out, and the way that a person has come is kept.
"""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLineEdit, QTextBrowser, QToolButton, QVBoxLayout

from lenet_gui.gui import theme
from lenet_gui.gui.address import Address, address
from lenet_gui.gui.panel import Panel
from lenet_gui.gui.why.page import FOLD, WHY, number, page
from lenet_gui.gui.why.pictures import PatchPictures
from lenet_gui.gui.widgets.button import tool_button
from lenet_gui.gui.widgets.elided import Elided
from lenet_gui.protocol import Frame, Reply
from lenet_gui.protocol.why import SourceCells, WhyReply, WhyRequest

NOTHING_YET = "Choose a number, in the tensor panel or by its name above, to see why it is what it is."
RUNNING = "Where the run stops, the number is taken apart."
GRADIENT = ".grad"
_MOST_PLACES = 100


class WhyPanel(Panel):
    """One number at a time; back and on lead along the numbers that were asked about."""

    title = "Why?"
    pointed = Signal(object)
    """The cells that the mouse points at as `SourceCells`: a tuple of them, empty where it points at none."""

    check_wanted = Signal(str, int)
    """A gradient's number is to be held against a finite difference: of which tensor, and which one, flat, from 0."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("why")
        self.setAccessibleName("Why this number?")
        self._way: list[Address] = []
        self._at = -1
        self._id = 0
        self._frame: Frame | None = None
        self._asked: tuple[Address, object] | None = None
        self._reply: WhyReply | None = None
        self._opened: set[str] = set()
        self.back = _button("why_back", "◀", "Back to the number before (Alt+Left)")
        self.on = _button("why_on", "▶", "On to the number after (Alt+Right)")
        self.finite = _button("why_finite", "Check it", "Hold this gradient against a finite difference of the loss")
        self.field = QLineEdit()
        self.heading = Elided(" ")
        self.check = Elided(" ")
        self.text = QTextBrowser()
        self.pictures = PatchPictures()
        self._build()
        self._join()
        self._show()

    # ------------------------------------------------------------------------------------------------ what is asked

    @Slot(str, object)
    def ask(self, name: str, index: tuple[int, ...]) -> None:
        """Take a number apart, and let back lead to the one before."""
        wanted = Address(name, tuple(index))
        if not self._way or self._way[self._at] != wanted:
            self._way = [*self._way[: self._at + 1], wanted][-_MOST_PLACES:]
            self._at = len(self._way) - 1
        self._opened.clear()
        self._request()

    def show_frame(self, frame: Frame) -> None:
        if self._frame is not None and self._frame.run != frame.run:
            self._asked = self._reply = None
        self._frame = frame
        self._request()

    def show_reply(self, reply: Reply) -> None:
        if not isinstance(reply, WhyReply) or reply.id != self._id:
            return
        self._reply = reply
        if not reply.problem and self._way and reply.index != self._way[self._at].index:
            self._way[self._at] = Address(reply.name, reply.index)  # one number was written for all dimensions
        self._show()

    def _request(self) -> None:
        """Ask about this number here, unless that is on its way or there. Hidden, it asks nothing."""
        frame = self._frame
        if frame is None or not self._way or not self.is_seen():
            return
        if frame.running:
            self._show()
            return
        wanted = self._way[self._at], (frame.run, frame.place)
        if wanted == self._asked:
            self._show()
            return
        self._id += 1
        self._asked = wanted
        self.asked.emit(WhyRequest(self._id, self._way[self._at].name, self._way[self._at].index))

    def _go(self, by: int) -> None:
        if 0 <= self._at + by < len(self._way):
            self._at += by
            self._opened.clear()
            self._request()
            self._show_way()

    def _written(self) -> None:
        try:
            wanted = address(self.field.text())
        except ValueError as problem:
            self.check.setText("")
            self.heading.setText(str(problem))
            return
        self.field.setModified(False)
        self.ask(wanted.name, wanted.index)
        self.text.setFocus()

    # ------------------------------------------------------------------------------------------------ what is shown

    def _show(self) -> None:
        self._show_way()
        reply, frame = self._reply, self._frame
        if not self._way:
            self._say(NOTHING_YET)
        elif frame is not None and frame.running:
            self._say(RUNNING)
        elif reply is None or reply.id != self._id:
            # Refused, or not answered yet: what was said of another number says nothing of this one.
            self.heading.setText(str(self._way[self._at]))
            self._say("")
        elif reply.problem:
            self.heading.setText(str(self._way[self._at]))
            self._say(reply.problem, "text")
        else:
            self.heading.setText(f"{Address(reply.name, reply.index)} = {number(reply.value)}")
            self.check.setText(_check(reply))
            place = self.text.verticalScrollBar().value()
            self.text.setHtml(page(reply, self._opened))
            self.text.verticalScrollBar().setValue(place)
            self.pictures.setVisible(reply.patch is not None)
            if reply.patch is not None:
                self.pictures.show_picture(reply.patch)

    def _say(self, words: str, role: str = "muted") -> None:
        self.check.setText(" ")
        self.pictures.hide()
        self.text.setHtml(f'<p style="color: {theme.colour(role).name()}">{escape(words)}</p>')

    def _check_it(self) -> None:
        reply = self._reply
        if reply is not None:
            flat = 0
            for at, size in zip(reply.index, reply.shape, strict=True):
                flat = flat * size + at
            self.check_wanted.emit(reply.name.removesuffix(GRADIENT), flat)

    def _show_way(self) -> None:
        told = self._reply is not None and not self._reply.problem and self._reply.name.endswith(GRADIENT)
        self.finite.setEnabled(told)
        self.back.setEnabled(self._at > 0)
        self.on.setEnabled(self._at + 1 < len(self._way))
        if self._way and not self.field.isModified():
            self.field.setText(str(self._way[self._at]))

    @Slot(QUrl)
    def _follow(self, link: QUrl) -> None:
        words = link.toString(QUrl.ComponentFormattingOption.FullyDecoded)
        if words.startswith(FOLD):
            self._opened ^= {words.removeprefix(FOLD)}
            self._show()
        elif words.startswith(WHY):
            wanted = address(words.removeprefix(WHY))
            self.ask(wanted.name, wanted.index)

    @Slot(QUrl)
    def _point_at(self, link: QUrl) -> None:
        words = link.toString(QUrl.ComponentFormattingOption.FullyDecoded)
        if words.startswith(WHY):
            cell = address(words.removeprefix(WHY))
            self.pointed.emit((SourceCells(cell.name, tuple((one, one + 1, 1) for one in cell.index)),))
        else:
            self.pointed.emit(())

    @Slot(bool)
    def _point_at_all(self, over: bool) -> None:
        self.pointed.emit(self._reply.regions if over and self._reply is not None else ())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 2 * self.height()
        self._halves.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._request()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._show()

    def _build(self) -> None:
        self.field.setObjectName("why_field")
        self.field.setFont(theme.mono())
        self.field.setPlaceholderText("loss, or conv1.bias.grad[3]")
        self.field.setToolTip("The number to take apart: a tensor, and a cell by one number a dimension")
        self.field.setAccessibleName("Number to take apart")
        self.heading.setObjectName("why_heading")
        self.heading.setFont(theme.mono())
        self.heading.setAccessibleName("The number")
        self.check.setObjectName("why_check")
        self.check.setAccessibleName("The sum beside PyTorch's value")
        self.text.setObjectName("why_text")
        self.text.setAccessibleName("What the number is made of; Tab leads from link to link, Enter follows one")
        self.text.setOpenLinks(False)
        self.text.setMinimumSize(120, 60)
        way = QHBoxLayout()
        way.setSpacing(theme.UNIT)
        for widget in (self.back, self.on):
            way.addWidget(widget)
        way.addWidget(self.field, 1)
        way.addWidget(self.finite)
        self._halves = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._halves.setSpacing(2 * theme.UNIT)
        self._halves.addWidget(self.text, 3)
        self._halves.addWidget(self.pictures, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.UNIT,) * 4)
        layout.setSpacing(theme.UNIT)
        layout.addLayout(way)
        layout.addWidget(self.heading)
        layout.addWidget(self.check)
        layout.addLayout(self._halves, 1)

    def _join(self) -> None:
        self.finite.clicked.connect(self._check_it)
        self.back.clicked.connect(lambda: self._go(-1))
        self.on.clicked.connect(lambda: self._go(1))
        for name, key, by in (("back", Qt.Key.Key_Left, -1), ("on", Qt.Key.Key_Right, 1)):
            action = QAction(name, self)
            action.setObjectName(f"why_{name}_key")
            action.setShortcut(QKeySequence(Qt.Modifier.ALT | key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(lambda _=False, by=by: self._go(by))
            self.addAction(action)
        self.field.returnPressed.connect(self._written)
        self.text.anchorClicked.connect(self._follow)
        self.text.highlighted.connect(self._point_at)
        self.pictures.pointed.connect(self._point_at_all)


def _check(reply: WhyReply) -> str:
    if not reply.adds:
        return f"PyTorch has {number(reply.value)}; there is nothing to add up"
    if not reply.count:
        return f"PyTorch has {number(reply.value)}"
    terms = f"{reply.count:,} term{'s' if reply.count > 1 else ''}"
    return (
        f"{terms}, {number(reply.sum)} in double precision; PyTorch has {number(reply.value)}: "
        f"a difference of {reply.difference:.1e}".replace("-", "−")
    )


def _button(name: str, words: str, tip: str) -> QToolButton:
    button = tool_button(name, words, tip)
    button.setAccessibleName(tip)
    return button
