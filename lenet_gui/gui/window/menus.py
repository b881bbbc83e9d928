"""What stands in the menu bar. What the entries do is in `actions` and `window`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QToolBar

from lenet_gui.gui import theme
from lenet_gui.gui.window.actions import (
    BACK_ENTRIES,
    GO_ENTRIES,
    MOVE_ENTRIES,
    PHASE_ENTRIES,
    PRINT_ENTRIES,
    RUN_ENTRIES,
    STOP_ENTRIES,
    VARIANT_ENTRIES,
    Actions,
    Entry,
)


def fill(
    window: QMainWindow,
    actions: Actions,
    views: Iterable[QDockWidget | QToolBar],
    scheme: str,
    choose: Callable[[str], None],
    recent: QMenu,
) -> None:
    """File, Run, Go, View, Print and Help. `views` can be hidden; `scheme` is the theme in force, `choose` is called
    with another."""
    file = _menu(window, "&File", actions, ["new_run", "open", "save", "save_as", ""])
    file.insertMenu(actions["save"], recent)
    file.addActions([actions[name] for name in ("export_script", "export_report", "save_picture")])
    file.addSeparator()
    file.addAction(actions["quit"])
    running = [name for name in _names(RUN_ENTRIES) if name != "new_run"]  # which stands in File
    run = _menu(window, "&Run", actions, [*_names(PHASE_ENTRIES), "", *_names(VARIANT_ENTRIES), ""])
    run.addActions([actions.to_none, actions.to_zeros])
    for names in (_names(MOVE_ENTRIES), running, _names(STOP_ENTRIES)):
        run.addSeparator()
        _add(run, actions, names)
    _menu(window, "&Go", actions, [*_names(BACK_ENTRIES), "", *_names(GO_ENTRIES)])
    view = _menu(window, "&View", actions, ["find", ""])
    view.addActions([shown.toggleViewAction() for shown in views])
    view.addSeparator()
    view.addAction(actions["reset_layout"])
    view.addMenu(_themes(view, scheme, choose))
    _menu(window, "&Print", actions, _names(PRINT_ENTRIES))
    _menu(window, "&Help", actions, ["show_shortcuts", "open_log", "", "about"])


def _menu(window: QMainWindow, title: str, actions: Actions, names: list[str]) -> QMenu:
    menu = window.menuBar().addMenu(title)
    menu.setObjectName(f"{title.strip('&').lower()}_menu")
    menu.setToolTipsVisible(True)
    _add(menu, actions, names)
    return menu


def _add(menu: QMenu, actions: Actions, names: Iterable[str]) -> None:
    """An empty name is a line."""
    for name in names:
        if name:
            menu.addAction(actions[name])
        else:
            menu.addSeparator()


def _names(entries: Iterable[Entry]) -> list[str]:
    return [entry.name for entry in entries]


def _themes(parent: QMenu, scheme: str, choose: Callable[[str], None]) -> QMenu:
    menu = QMenu("Theme", parent)
    menu.setObjectName("theme_menu")
    group = QActionGroup(menu)
    for name in theme.SCHEMES:
        action = QAction(name.capitalize(), menu)
        action.setObjectName(f"theme_{name}")
        action.setCheckable(True)
        action.setChecked(name == scheme)
        action.setToolTip("The colours of the desktop" if name == "system" else f"{name.capitalize()} colours")
        action.triggered.connect(lambda _=False, name=name: choose(name))
        group.addAction(action)
        menu.addAction(action)
    return menu
