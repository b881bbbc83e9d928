import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFontMetrics, QIcon
from PySide6.QtWidgets import QApplication

from lenet_gui.gui import theme


def contrast(a: QColor, b: QColor) -> float:
    """The contrast ratio of WCAG 2, from 1 to 21."""

    def luminance(colour: QColor) -> float:
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (colour.redF(), colour.greenF(), colour.blueF())
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_a_scheme_changes_the_palette_even_where_the_system_cannot(qapp: QApplication, scheme: str, dark: bool):
    theme.apply(qapp, scheme)
    assert theme.is_dark() is dark
    assert (qapp.palette().window().color().lightness() < 128) is dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("role", ["text", "muted", "forward", "backward", "error", "ok", "negative", "positive"])
def test_words_in_every_colour_are_readable(qapp: QApplication, scheme: str, role: str):
    theme.apply(qapp, scheme)
    for ground in ("base", "panel", "alternate"):
        assert contrast(theme.colour(role), theme.colour(ground)) >= 4.5


@pytest.mark.parametrize("i", range(8))
def test_curves_are_seen_on_both_grounds(qapp: QApplication, i: int):
    for scheme in ("light", "dark"):
        theme.apply(qapp, scheme)
        assert contrast(theme.series(i), theme.colour("base")) >= 3


@pytest.mark.usefixtures("qapp")
def test_curves_have_colours_of_their_own():
    assert len({theme.series(i).name() for i in range(8)}) == 8
    assert theme.series(8) == theme.series(0)


def test_an_unknown_scheme_is_named(qapp: QApplication):
    with pytest.raises(ValueError, match="light, dark, system, not 'sepia'"):
        theme.apply(qapp, "sepia")


def ink(icon: QIcon, mode: QIcon.Mode) -> QColor:
    image = icon.pixmap(QSize(24, 24), 1.0, mode).toImage()
    pixels = [image.pixelColor(x, y) for x in range(24) for y in range(24)]
    return max(pixels, key=lambda pixel: pixel.alpha())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_icons_have_the_colour_of_the_words_beside_them(qapp: QApplication, scheme: str):
    theme.apply(qapp, scheme)
    icon = theme.icon("pause")
    assert contrast(ink(icon, QIcon.Mode.Normal), theme.colour("button")) > 10
    assert contrast(ink(icon, QIcon.Mode.Disabled), theme.colour("button")) < 4


@pytest.mark.usefixtures("qapp")
def test_icons_are_drawn_anew_for_sharp_screens():
    pixmap = theme.icon("pause").pixmap(QSize(20, 20), 2.0)
    assert pixmap.size() == QSize(40, 40)
    assert pixmap.devicePixelRatio() == 2.0


@pytest.mark.usefixtures("qapp")
def test_a_missing_icon_is_empty():
    assert theme.icon("no such icon").isNull()


@pytest.mark.usefixtures("qapp")
def test_numbers_line_up():
    metrics = QFontMetrics(theme.mono())
    assert len({metrics.horizontalAdvance(number) for number in ("1.1111", "-88.88", " nan  ", "2.1e-7")}) == 1
