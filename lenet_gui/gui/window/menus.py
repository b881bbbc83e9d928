"""What stands in the menu bar, and the choice of a theme. What the other entries do is in `actions` and `window`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu

from lenet_gui.gui import theme
from lenet_gui.gui.window.actions import (
    BACK_ENTRIES,
    GO_ENTRIES,
    MOVE_ENTRIES,
    PHASE_ENTRIES,
    PRINT_ENTRIES,
    RESULT_ENTRIES,
    RUN_ENTRIES,
    STOP_ENTRIES,
    VARIANT_ENTRIES,
    Actions,
    Entry,
)
from lenet_gui.gui.window.preferences import Preferences


def fill(
    window: QMainWindow,
    actions: Actions,
    views: Sequence[QAction],
    preferences: Preferences,
    recent: QMenu,
) -> None:
    """File, Run, Go, View, Print and Help. `views` show and hide; the theme is kept in the `preferences`."""
    file = _menu(window, "&File", actions, ["new_run", "open", "open_model", "save", "save_as", ""])
    file.insertMenu(actions["open_model"], recent)
    file.addAction(actions["load_weights"])
    results = _names(RESULT_ENTRIES)[1:]
    export = QMenu("E&xport", file)
    export.setObjectName("export_menu")
    export.setToolTipsVisible(True)
    _add(export, actions, ["export_script", *results[:5], "", *results[5:], "save_picture"])
    file.addMenu(export)
    file.addAction(actions["export_report"])
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
    view.addActions(views)
    view.addSeparator()
    view.addAction(actions["reset_layout"])
    view.addMenu(_themes(view, preferences))
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


def _themes(parent: QMenu, preferences: Preferences) -> QMenu:
    scheme = preferences.text("theme", "system")
    menu = QMenu("Theme", parent)
    menu.setObjectName("theme_menu")
    group = QActionGroup(menu)
    for name in theme.SCHEMES:
        action = QAction(name.capitalize(), menu)
        action.setObjectName(f"theme_{name}")
        action.setCheckable(True)
        action.setChecked(name == scheme)
        action.setToolTip("The colours of the desktop" if name == "system" else f"{name.capitalize()} colours")
        action.triggered.connect(lambda _=False, name=name: _choose_theme(name, preferences))
        group.addAction(action)
        menu.addAction(action)
    return menu


def _choose_theme(scheme: str, preferences: Preferences) -> None:
    preferences.set("theme", scheme)
    app = QApplication.instance()
    if isinstance(app, QApplication):
        theme.apply(app, scheme)
