"""The autograd graph under mouse and keyboard. How it looks is `graph_picture`'s, where it comes from is
`autograd_graph`'s."""

from __future__ import annotations

import html
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from lenet_gui.gui.inside.graph_picture import GraphPicture
from lenet_gui.gui.inside.node_states import NodeState
from lenet_gui.gui.widgets.canvas import Canvas

SMALLEST_FIRST = 0.8
"""The zoom down to which a graph is fitted when it comes, as its words can still be read; a larger one is scrolled."""
_ARROWS = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down}
_ENTER = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class GraphView(Canvas):
    """Cards and edges of one graph. A click or the arrow keys choose a node, Enter goes to it."""

    picked = Signal(int)
    """The node that was chosen here by hand, -1 where the choice was taken back."""
    entered = Signal(int)

    def __init__(self, tip: Callable[[int], str], parent: QWidget | None = None) -> None:
        """`tip` gives the words of a node's tooltip."""
        super().__init__(parent)
        self.setObjectName("autograd_graph_view")
        self.setAccessibleName("Autograd graph")
        self.picture: GraphPicture | None = None
        self.states: tuple[NodeState, ...] = ()
        self.chosen = -1
        self._tip = tip
        self.clicked.connect(self._click)
        self.double_clicked.connect(self._double_click)

    def show_picture(self, picture: GraphPicture, states: tuple[NodeState, ...], start: bool) -> None:
        """Show a graph; at its `start`, where it is another one than before, else where the last one was left."""
        self.picture, self.states = picture, states
        self.set_extent(picture.extent)
        if start:
            self.chosen = -1
            self.fit()
            if self.zoom < SMALLEST_FIRST:
                self.set_zoom(1)
            self._bring(picture.first)
        self._follow()

    def show_states(self, states: tuple[NodeState, ...]) -> None:
        """Show the same graph at another place."""
        if states != self.states:
            self._repaint_changes(states)
            self.states = states
            self._follow()

    def choose(self, node: int) -> None:
        """Mark a node (-1: none) and bring it into view."""
        self._repaint_card(self.chosen)
        self.chosen = node
        self._repaint_card(node)
        self._bring(node)

    @property
    def next_node(self) -> int:
        """The node that runs next, -1 for none."""
        return next((node for node, state in enumerate(self.states) if state.next), -1)

    def card_place(self, node: int) -> QPoint:
        """The middle of a node's card in the viewport."""
        assert self.picture is not None
        return self.to_view(self.picture.rects[node]).center().toPoint()

    # ------------------------------------------------------------------------------------------------------- drawing

    def draw(self, painter: QPainter, exposed: QRectF) -> None:
        if self.picture is not None:
            self.picture.paint(painter, exposed, self.zoom, self.states, self.chosen, self.hasFocus())

    def _repaint_changes(self, states: tuple[NodeState, ...]) -> None:
        """The cards that look different there, and the edges that begin at them."""
        picture = self.picture
        assert picture is not None
        changed = {node for node, (old, new) in enumerate(zip(self.states, states, strict=True)) if old != new}
        for node in changed:
            self._repaint_card(node)
        for edge in picture.edges:
            if edge.begin in changed:
                self.repaint_at(edge.rect)

    def _repaint_card(self, node: int) -> None:
        if self.picture is not None and node >= 0:
            self.repaint_at(self.picture.whole_rect(node))

    def resizeEvent(self, event: QResizeEvent) -> None:
        # A graph may come before the view has been given its room.
        super().resizeEvent(event)
        self._follow()

    def _follow(self) -> None:
        self._bring(self.next_node)

    def _bring(self, node: int) -> None:
        if self.picture is not None and node >= 0:
            rect = self.picture.whole_rect(node)
            if not self.is_in_view(rect):
                self.bring_into_view(rect)

    # -------------------------------------------------------------------------------------------- mouse and keyboard

    def node_at(self, place: QPoint) -> int:
        """The node at a point of the viewport, -1 for none."""
        return -1 if self.picture is None else self.picture.node_at(self.to_picture(QPointF(place)))

    def _click(self, point: QPointF) -> None:
        if self.picture is not None:
            self._pick(self.picture.node_at(point))

    def _double_click(self, point: QPointF) -> None:
        if self.picture is not None and (node := self.picture.node_at(point)) >= 0:
            self.entered.emit(node)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if self.picture is not None and plain and key in _ARROWS:
            node = self.neighbour(key)
            if node >= 0:
                self._pick(node)
        elif plain and key in _ENTER and self.chosen >= 0:
            self.entered.emit(self.chosen)
        elif plain and key == Qt.Key.Key_Escape and self.chosen >= 0:
            self._pick(-1)
        else:
            super().keyPressEvent(event)

    def neighbour(self, key: Qt.Key) -> int:
        """The node that an arrow leads to: along an edge, or up and down in a column; -1 for none."""
        picture = self.picture
        assert picture is not None
        if self.chosen < 0:
            return self.next_node if self.next_node >= 0 else picture.first
        column, row = picture.cells[self.chosen]
        if key == Qt.Key.Key_Left:
            ways = [edge.end for edge in picture.edges if edge.begin == self.chosen]
        elif key == Qt.Key.Key_Right:
            ways = [edge.begin for edge in picture.edges if edge.end == self.chosen]
        else:
            up = key == Qt.Key.Key_Up
            ways = [node for node, cell in enumerate(picture.cells) if cell[0] == column and (cell[1] < row) == up]
            ways = [node for node in ways if node != self.chosen]
        return min(ways, key=lambda node: _distance(picture.cells[node], (column, row)), default=-1)

    def _pick(self, node: int) -> None:
        if node != self.chosen:
            self.choose(node)
            self.picked.emit(node)

    def event(self, event: QEvent) -> bool:
        # Esc is a key of the window too; while a node is chosen it belongs to the choice.
        escapes = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self.chosen >= 0
        if event.type() == QEvent.Type.ShortcutOverride and escapes:
            event.accept()
            return True
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            node = self.node_at(event.pos())
            words = f"<pre>{html.escape(self._tip(node))}</pre>" if node >= 0 else self.toolTip()
            QToolTip.showText(event.globalPos(), words, self.viewport())
            return True
        return super().viewportEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._repaint_card(self.chosen)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._repaint_card(self.chosen)


def _distance(cell: tuple[int, int], other: tuple[int, int]) -> tuple[int, int, int]:
    return abs(cell[1] - other[1]), abs(cell[0] - other[0]), cell[1]
