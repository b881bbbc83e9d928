"""Cards at the top of the window that say what happened and what to do. What happened is decided elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lenet_gui.gui import theme
from lenet_gui.protocol import Notice

# kind of notice: (icon, the colour of its edge)
_LOOKS = {
    "refused": ("refused", "backward"),
    "failed": ("error", "error"),
    "anomaly": ("anomaly", "place"),
    "differs": ("anomaly", "place"),
    "note": ("note", "accent"),
    "recovery": ("note", "place"),
}
_WIDEST = 760
_KEPT = 20


@dataclass(frozen=True, slots=True)
class _Shown:
    notice: Notice
    buttons: tuple[tuple[str, Callable[[], None]], ...]
    dismissed: Callable[[], None]


class NoticeArea(QFrame):
    """The newest card; dismissing it shows the one before. It floats over the docks, so that nothing moves."""

    asked = Signal(object)
    """The `Command` or `Control` of an offer that was taken."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setObjectName("notice")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self._waiting: list[_Shown] = []
        self._top = 0
        self._lent = False
        self._build()
        self._escape = QAction("Dismiss the notice", self)
        self._escape.setObjectName("dismiss_notice")
        self._escape.setShortcut(QKeySequence(Qt.Key.Key_Escape))
        self._escape.triggered.connect(self.dismiss)
        window.addAction(self._escape)
        window.installEventFilter(self)
        self._show_newest()

    def show_notice(self, notice: Notice) -> None:
        """Show it over those that came before. The same once more does not pile up."""
        buttons = tuple((offer.label, lambda offer=offer: self.asked.emit(offer.action)) for offer in notice.offers)
        self._waiting = [shown for shown in self._waiting if shown.notice != notice][-_KEPT:]
        self._waiting.append(_Shown(notice, buttons, lambda: None))
        self._show_newest()

    def ask(self, title: str, advice: str, yes: tuple[str, Callable[[], None]], no: Callable[[], None]) -> None:
        """Ask gently: `yes` is a button and what it does, `no` is what Esc and the cross do."""
        self._waiting = [shown for shown in self._waiting if shown.notice.title != title]
        self._waiting.append(_Shown(Notice("note", title, "", advice), (yes,), no))
        self._show_newest()

    def current(self) -> Notice | None:
        return self._waiting[-1].notice if self._waiting else None

    def dismiss(self) -> None:
        if self._waiting:
            shown = self._waiting.pop()
            self._show_newest()
            shown.dismissed()

    def dismiss_refusals(self) -> None:
        """What was refused is past once something else was done."""
        kept = [shown for shown in self._waiting if shown.notice.kind != "refused"]
        if len(kept) < len(self._waiting):
            self._waiting = kept
            self._show_newest()

    def lend_escape(self, lent: bool) -> None:
        """Give Esc away while something else is to be left with it."""
        self._lent = lent
        self._escape.setEnabled(bool(self._waiting) and not lent)

    def place_below(self, top: int) -> None:
        """Where the toolbars end, in the window's pixels."""
        self._top = top
        self._place()

    def dress(self) -> None:
        self._show_newest()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _build(self) -> None:
        self._icon, self._title, self._count = QLabel(self), _words(self, "notice_title"), QLabel(self)
        self._icon.setFixedSize(20, 20)
        bold = self._title.font()
        bold.setBold(True)
        self._title.setFont(bold)
        self._words, self._advice = _words(self, "notice_words"), _words(self, "notice_advice")
        self._words.setFont(theme.mono())
        self._behind = _words(self, "notice_left_behind")
        self._details = _text_box(self, "notice_details")
        self._show_details = _button(self, "Details", "notice_show_details", "Where in the program it happened")
        self._show_details.setCheckable(True)
        self._show_details.toggled.connect(self._toggle_details)
        copy = _button(self, "Copy", "notice_copy", "Copy all of it as text")
        copy.clicked.connect(self._copy)
        self._close = QToolButton(self)
        self._close.setObjectName("notice_dismiss")
        self._close.setAccessibleName("Dismiss the notice")
        self._close.setToolTip("Dismiss (Esc)")
        self._close.setIconSize(QSize(12, 12))
        self._close.clicked.connect(self.dismiss)
        head = QHBoxLayout()
        for widget in (self._icon, self._title, self._count, self._close):
            head.addWidget(widget, 1 if widget is self._title else 0)
        self._offers = QHBoxLayout()
        foot = QHBoxLayout()
        foot.addLayout(self._offers)
        foot.addStretch(1)
        foot.addWidget(self._show_details)
        foot.addWidget(copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(*[3 * theme.UNIT] * 4)
        column.setSpacing(2 * theme.UNIT)
        column.addLayout(head)
        for widget in (self._words, self._advice, self._behind, self._details):
            column.addWidget(widget)
        column.addLayout(foot)

    def _show_newest(self) -> None:
        self.lend_escape(self._lent)
        if not self._waiting:
            self.hide()
            return
        shown = self._waiting[-1]
        notice = shown.notice
        picture, edge = _LOOKS.get(notice.kind, _LOOKS["note"])
        self._icon.setPixmap(theme.icon(picture, edge).pixmap(QSize(20, 20)))
        self._close.setIcon(theme.icon("close"))
        self.setStyleSheet(
            f"#notice {{ background: {theme.colour('base').name()}; border: 1px solid {theme.colour(edge).name()};"
            f" border-left: 4px solid {theme.colour(edge).name()}; border-radius: 4px; }}"
        )
        self._title.setText(notice.title)
        self.setAccessibleName(notice.title)
        self._count.setText(f"1 of {len(self._waiting)}" if len(self._waiting) > 1 else "")
        behind = "Plain PyTorch would have left changed: " + ", ".join(notice.left_behind) + ". Here it was put back."
        for label, text in (
            (self._words, notice.words),
            (self._advice, notice.advice),
            (self._behind, behind if notice.left_behind else ""),
        ):
            label.setText(text)
            label.setVisible(bool(text))
        self._show_details.setVisible(bool(notice.details))
        self._show_details.setChecked(False)
        self._details.setPlainText(notice.details)
        self._details.hide()
        self._fill_offers(shown)
        self.show()
        self._place()
        self.raise_()

    def _fill_offers(self, shown: _Shown) -> None:
        while item := self._offers.takeAt(0):
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, (label, act) in enumerate(shown.buttons):
            button = _button(self, label, f"notice_offer_{place}", label)
            button.clicked.connect(lambda _=False, act=act: self._take(act))
            self._offers.addWidget(button)

    def _take(self, act: Callable[[], None]) -> None:
        self._waiting.pop()
        self._show_newest()
        act()

    def _toggle_details(self, wanted: bool) -> None:
        self._details.setVisible(wanted)
        self._place()

    def _place(self) -> None:
        if self.isHidden():
            return
        parent = self._window
        width = min(_WIDEST, parent.width() - 8 * theme.UNIT)
        layout = self.layout()
        assert layout is not None
        layout.invalidate()
        height = layout.totalHeightForWidth(width)
        room = parent.height() - self._top - 4 * theme.UNIT
        self.setGeometry((parent.width() - width) // 2, self._top + 2 * theme.UNIT, width, min(height, room))

    def _copy(self) -> None:
        notice = self.current()
        if notice is not None:
            QGuiApplication.clipboard().setText(as_text(notice))


def as_text(notice: Notice) -> str:
    """All of a notice in plain words, for the clipboard and the log."""
    behind = ", ".join(notice.left_behind)
    return "\n\n".join(part for part in (notice.title, notice.words, notice.advice, behind, notice.details) if part)


def failure_dialog(parent: QWidget, notice: Notice, log: str) -> QDialog:
    """A window that stays beside the work: what failed, its traceback, and where the log lies."""
    dialog = QDialog(parent)
    dialog.setObjectName("failure_dialog")
    dialog.setWindowTitle("Something failed")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    words = _words(dialog, "failure_words")
    words.setText("\n\n".join(part for part in (notice.title, notice.words, notice.advice, f"Log: {log}") if part))
    details = _text_box(dialog, "failure_details")
    details.setPlainText(notice.details)
    details.setMinimumSize(640, 240)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
    copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(as_text(notice)))
    buttons.rejected.connect(dialog.close)
    column = QVBoxLayout(dialog)
    for widget in (words, details, buttons):
        column.addWidget(widget)
    return dialog


def _words(parent: QWidget, name: str) -> QLabel:
    label = QLabel(parent)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    return label


def _text_box(parent: QWidget, name: str) -> QPlainTextEdit:
    box = QPlainTextEdit(parent)
    box.setObjectName(name)
    box.setAccessibleName("Traceback")
    box.setToolTip("Python's traceback")
    box.setReadOnly(True)
    box.setFont(theme.mono())
    box.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    box.setMinimumHeight(140)
    return box


def _button(parent: QWidget, text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(text, parent)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setToolTip(tip)
    return button
