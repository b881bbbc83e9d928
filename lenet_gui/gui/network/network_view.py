"""The network as cards to choose from, with edges between them. What the cards stand for is `network`'s matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QToolTip

from lenet_gui.gui import theme
from lenet_gui.gui.network.card_cells import Spot, cell_at
from lenet_gui.gui.network.card_pictures import Pictures
from lenet_gui.gui.network.card_words import as_tooltip
from lenet_gui.gui.network.cards import CardStyle, Face, Look, paint_card, paint_lit, paint_marker
from lenet_gui.gui.network.network_edges import paint_edges
from lenet_gui.gui.network.network_plan import LEAST, Placed, Plan, neighbour
from lenet_gui.gui.network.pointing import Lit
from lenet_gui.gui.widgets.canvas import Canvas

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_NO_PICTURES = Pictures(())


# A canvas that paints by itself, and no QGraphicsView: scrolling moves the pixels that are there, a moved cursor
# repaints the cards that it concerns, and no item asks Python for its bounds in each frame.
class NetworkView(Canvas):
    """Cards by number. `describe` gives a card's words for its tooltip and for screen readers.

    At zoom 1 the cards are as large as the view's height and width allow.
    """

    chosen = Signal(int)
    opened = Signal(int)
    """Double-clicked."""
    entered = Signal(int)
    """Enter was pressed on it."""
    menu_wanted = Signal(int, QPoint)
    """A card, and where on the screen."""
    pointed = Signal(object)
    """The `Spot` that the mouse is over, or `None`."""

    def __init__(self, describe: Callable[[int], str]) -> None:
        super().__init__()
        self._describe = describe
        self.setToolTip(
            "Each operation, its output above and the gradient of it below. Enter runs to the chosen one one"
        )
        self._faces: tuple[Face, ...] = ()
        self._looks: tuple[Look, ...] = ()
        self._pictures = _NO_PICTURES
        self._plan = Plan(())
        self._placed = Placed(self._plan, CardStyle(LEAST))
        self.chosen_card: int | None = None
        self.spot: Spot | None = None
        self._lit: Lit = {}
        self.clicked.connect(self._on_click)
        self.double_clicked.connect(self._on_double_click)

    def look(self, card: int) -> Look:
        return self._looks[card]

    def card_rect(self, card: int) -> QRect:
        """Where in the viewport a card is."""
        return self.to_view(self._placed.rects[card]).toAlignedRect()

    def show_cards(self, faces: Sequence[Face], inputs: Sequence[Sequence[int]], pictures: Pictures) -> None:
        """Draw these cards, all of them empty until `show_looks`; what is in view and chosen stays where it can."""
        self._faces, self._pictures, self._lit = tuple(faces), pictures, {}
        self._looks = _chosen([Look()] * len(faces), self.chosen_card)
        plan = Plan(inputs, wide=next((card for card, face in enumerate(faces) if face.refusal), None))
        if (plan.inputs, plan.wide) != (self._plan.inputs, self._plan.wide):
            self._plan = plan
            self._place_cards()
        if self.chosen_card is not None and self.chosen_card >= len(faces):
            self.choose(None)
        self.viewport().update()

    def show_looks(self, looks: Sequence[Look]) -> None:
        """How the cards stand now; only those that stand otherwise than before are painted."""
        before = self._looks
        self._looks = _chosen(looks, self.chosen_card)
        for card, (old, new) in enumerate(zip(before, self._looks, strict=True)):
            if old != new:
                self._repaint(card)
        here = next((card for card, look in enumerate(looks) if look.marker), None)
        if here is not None and not before[here].marker:
            self._follow(here, looks[here].backward)
        self._say_chosen()

    def light(self, cells: Lit) -> None:
        """Frame these cells until other ones are lit."""
        if cells != self._lit:
            self._lit = cells
            self.viewport().update()

    def choose(self, card: int | None) -> None:
        """Mark this card, and tell nobody."""
        if card == self.chosen_card:
            return
        self.chosen_card = card
        self._looks = _chosen(self._looks, card)
        self._say_chosen()
        # The edges of the chosen card stand out, wherever they lead.
        self.viewport().update()

    def fit(self, largest: float = 1.0) -> None:
        """Show the whole network; or, where that is what is seen, cards of their usual size again."""
        before = self.zoom
        super().fit(largest)
        if self.zoom == before and before != largest:
            self.set_zoom(largest)
            self._follow(self._start(), False)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_pictures"):
            self._pictures.forget()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_cards()

    def _place_cards(self) -> None:
        bar = self.horizontalScrollBar().sizeHint().height()
        size = self._plan.fitted(QSizeF(self.maximumViewportSize()), bar)
        self._placed = Placed(self._plan, CardStyle(size))
        self.set_extent(self._placed.size)

    def _follow(self, card: int, backward: bool) -> None:
        """Bring a card into view, unless it is there: with most of the room on the side to which the step goes."""
        if card >= len(self._placed.rects):
            return
        rect = self._reach(card)
        if self.is_in_view(rect):
            return
        aside = self.viewport().width() / self.zoom / 2
        self.bring_into_view(rect.adjusted(-aside if backward else 0, 0, 0 if backward else aside, 0))
        self.bring_into_view(rect)

    # -------------------------------------------------------------------------------------------- painting

    def _repaint(self, card: int) -> None:
        self.repaint_at(self._reach(card))

    def _reach(self, card: int) -> QRectF:
        around = _around(self.zoom)
        return self._placed.reaches[card].adjusted(-around, -around, around, around)

    def draw(self, painter: QPainter, exposed: QRectF) -> None:
        painter.fillRect(exposed, theme.colour("panel"))
        paint_edges(painter, self._placed.edges, exposed, self.chosen_card)
        around = _around(self.zoom)
        near = exposed.adjusted(-around, -around, around, around)
        for card in [card for card, reach in enumerate(self._placed.reaches) if reach.intersects(near)]:
            corner, style = self._placed.rects[card].topLeft(), self._placed.styles[card]
            style.seen_at(self.zoom)
            painter.translate(corner)
            paint_card(painter, style, self._faces[card], self._looks[card], self._pictures, card)
            paint_marker(painter, style, self._looks[card])
            if card in self._lit:
                paint_lit(painter, style, self._faces[card], self._looks[card], self._lit[card])
            painter.translate(-corner)

    # ----------------------------------------------------------------------------------- mouse and keyboard

    def _choose_aloud(self, card: int) -> None:
        self.choose(card)
        self.chosen.emit(card)

    def _say_chosen(self) -> None:
        card = self.chosen_card
        words = self._describe(card) if card is not None and card < len(self._faces) else ""
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)

    def _on_click(self, point: QPointF) -> None:
        card = self._placed.card_at(point)
        if card is not None:
            self._choose_aloud(card)

    def _on_double_click(self, point: QPointF) -> None:
        card = self._placed.card_at(point)
        if card is not None:
            self.opened.emit(card)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, count = event.key(), len(self._faces)
        if not count or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().keyPressEvent(event)
        elif key in _ARROWS:
            self._go(neighbour(self._plan, self._start(), *_ARROWS[Qt.Key(key)]))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._go(0 if key == Qt.Key.Key_Home else count - 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen_card is not None:
            self.entered.emit(self.chosen_card)
        else:
            super().keyPressEvent(event)

    def _start(self) -> int:
        """Where the arrow keys begin: at the chosen card, else at the one that is next."""
        if self.chosen_card is not None:
            return self.chosen_card
        return next((card for card, look in enumerate(self._looks) if look.marker), 0)

    def _go(self, card: int) -> None:
        self._choose_aloud(card)
        self._follow(card, False)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        card = self.chosen_card if keyboard else self._placed.card_at(self.to_picture(QPointF(event.pos())))
        if card is None:
            return
        where = self.viewport().mapToGlobal(self.card_rect(card).center()) if keyboard else event.globalPos()
        self._choose_aloud(card)
        self.menu_wanted.emit(card, where)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._point(None if event.buttons() else self._spot_at(self.to_picture(event.position())))

    def _point(self, spot: Spot | None) -> None:
        if spot != self.spot:
            self.spot = spot
            self.pointed.emit(spot)

    def _spot_at(self, point: QPointF) -> Spot | None:
        card = self._placed.card_at(point)
        if card is None:
            return None
        style, inside = self._placed.styles[card], point - self._placed.rects[card].topLeft()
        for gradient, room in ((False, style.output), (True, style.gradient)):
            summary = self._faces[card].gradient if gradient else self._faces[card].output
            cell = None if summary is None else cell_at(summary, room, inside)
            if cell is not None:
                return Spot(card, gradient, *cell)
        return None

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(None)
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            card = self._placed.card_at(self.to_picture(QPointF(event.pos())))
            words = self.toolTip() if card is None else as_tooltip(self._describe(card))
            QToolTip.showText(event.globalPos(), words, self.viewport())
            return True
        return super().viewportEvent(event)


def _around(zoom: float) -> float:
    """How far the marks of a card reach out of it, in the picture's units: their lines are as wide at every zoom."""
    return 5 / min(1.0, zoom)


def _chosen(looks: Sequence[Look], chosen: int | None) -> tuple[Look, ...]:
    return tuple(
        look if look.chosen == (card == chosen) else look._replace(chosen=card == chosen)
        for card, look in enumerate(looks)
    )
