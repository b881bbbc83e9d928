"""What a runner does when a file with a model is to be opened: ask, try it out, and make the session or the command.

Nothing of the file is run in this process before a person has allowed it and it was tried out in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lenet_gui.channel import Channel
from lenet_gui.engine.data import source
from lenet_gui.engine.models import constructor, own
from lenet_gui.engine.models.consent import Consents
from lenet_gui.engine.models.first_try import DEADLINE, try_out
from lenet_gui.engine.models.outcome import Outcome
from lenet_gui.engine.models.reload import NAME
from lenet_gui.engine.session import Session
from lenet_gui.engine.storage.revival import CodeNotAllowed
from lenet_gui.engine.storage.store import Store
from lenet_gui.engine.storage.stored import StoredBranch
from lenet_gui.protocol import Command, Line, Notice, Progress
from lenet_gui.protocol.models import INPUT, ModelInUse, ModelQuestion, OpenModel
from lenet_gui.settings import Settings

OWNER = "model_"
_OF_SHAPES = ("RuntimeError", "ValueError", "IndexError", "AssertionError")
"""What a forward raises to whom images of another shape might help."""
UNCHANGED = "Nothing has changed: the session goes on as it is."


class Opening:
    """Of one runner."""

    def __init__(self, channel: Channel, root: Path | None, deadline: float = DEADLINE) -> None:
        """What was allowed is remembered in the folder `root`; `deadline` is in seconds."""
        self._channel = channel
        self._deadline = deadline
        self.consents = Consents(root)

    def open(self, session: Session, message: OpenModel) -> Session | Command | None:
        """A session at its start, or with `reload` the command for this one; `None` where something is asked first.

        Raises ValueError, in one sentence, for a file that cannot be opened.
        """
        path = Path(message.path).expanduser().absolute()
        code = read(path)
        name = own.name_of(code)
        if not self._allowed(message, name, path):
            words = "It has changed since its code was allowed." if self.consents.knows_file(path) else ""
            self._channel.give(ModelQuestion("allow", message, name, words, code=code.decode("utf-8", "replace")))
            return None
        self.consents.remember(name, path)
        known = constructor.facts(session.source)
        given = {key.removeprefix(OWNER): value for key, value in message.options}
        if message.reload and not message.options:
            given = session.settings.of("model")
        outcome = self._try_out(code, path, message, given, known)
        if outcome.printed and outcome.how not in ("late", "crashed"):
            self._channel.give(Line("note", "", f"{path.name} printed: {outcome.printed}"))
        if outcome.how != "fits":
            self._explain(outcome, message, name, known)
            return None
        self._tell_of_others(outcome, path, message.reload)
        return self._taken(session, message, code, outcome)

    def try_stored(self, without: CodeNotAllowed) -> bool:
        """Try out the models of a stored session, whose code a person has just allowed; says so where one fails.

        Raises DataError where the session's data are not here.
        """
        stored = without.stored
        known = constructor.facts(source(stored.settings, "cpu"))
        for settings in settings_with_models(stored.settings, stored.branches):
            name, cls = own.parsed(settings.model)
            message = OpenModel(own.UNKNOWN, cls)
            code, path = without.store.get(name), own.origin(name)
            outcome = self._try_out(code, path, message, settings.of("model"), known)
            if outcome.how != "fits":
                words = told(outcome, own.file_name(settings.model))
                self._channel.give(Notice("note", "The session's code was not run here", words, UNCHANGED))
                return False
        return True

    def in_use(self, session: Session) -> None:
        """Tell which files the models of a session came from."""
        for model in models_of(session):
            path, known, chosen = own.path_of(model), constructor.facts(session.source), ()
            with suppress(ValueError):  # one that another branch had, and that no longer runs
                chosen, _ = constructor.options(own.found(model, session.store), known)
            self._channel.give(ModelInUse(model, "" if path is None else str(path), own.file_name(model), chosen))

    def tell_reload(self, message: OpenModel, words: str) -> None:
        """What became of the weights."""
        advice = "Step back undoes it; a script of this run cannot be exported, because a script has one model."
        self._channel.give(Notice("note", f"{Path(message.path).name} was reloaded", f"{words}.", advice))

    def _allowed(self, message: OpenModel, name: str, path: Path) -> bool:
        # Who reloads a file in this window has it in front of them.
        return own.is_allowed(name) or message.allowed == name or (message.reload and self.consents.knows_file(path))

    def _try_out(
        self, code: bytes, path: Path | None, message: OpenModel, given: dict, known: constructor.Facts
    ) -> Outcome:
        file = own.UNKNOWN if path is None else path.name
        self._channel.give(Progress(f"Trying {file} out", 0, 0))
        try:
            return try_out(
                code,
                path,
                message.name,
                given,
                known,
                lambda: self._channel.pausing,
                self._deadline,
                message.reload,
            )
        finally:
            self._channel.give(Progress("", 1, 1))

    def _explain(self, outcome: Outcome, message: OpenModel, name: str, known: constructor.Facts) -> None:
        file, shape = Path(message.path).name, f"{known.channels}x{known.height}x{known.width}"
        match outcome.how:
            case "class":
                self._channel.give(ModelQuestion("class", message, name, classes=tuple(outcome.classes)))
            case "arguments":
                about = OpenModel(message.path, outcome.name, message.allowed, message.options, message.reload)
                self._channel.give(ModelQuestion("arguments", about, name, wanted=outcome.options))
            case "raised" if outcome.stage == "forward" and not message.reload and outcome.words.startswith(_OF_SHAPES):
                about = OpenModel(message.path, outcome.name, message.allowed, message.options, message.reload)
                given = dict(message.options).get(f"{OWNER}{INPUT}", shape)
                self._channel.give(ModelQuestion("shape", about, name, told(outcome, file), shape=str(given)))
            case _:
                title = f"{file} was not {'reloaded' if message.reload else 'opened'}"
                details = outcome.printed if outcome.how in ("late", "crashed") else ""
                self._channel.give(Notice("note", title, told(outcome, file), UNCHANGED, details=details))

    def _tell_of_others(self, outcome: Outcome, path: Path, again: bool) -> None:
        if outcome.beside and not again:
            files = " and ".join(outcome.beside)
            words = f"{path.name} imports {files} from its folder. A session keeps {path.name} alone."
            advice = "Where the session is opened elsewhere, or they have changed, it may come out otherwise."
            self._channel.give(Notice("note", f"{path.name} does not stand alone", words, advice))

    def _taken(self, session: Session, message: OpenModel, code: bytes, outcome: Outcome) -> Session | Command:
        store = session.store if message.reload else Store()
        model = f"{own.PREFIX}{store.put(code)}:{outcome.name}"
        options = {f"{OWNER}{key}": value for key, value in outcome.given.items()}
        if message.reload:
            return Command.of(NAME, model=model, **options)
        return Session(session.settings.change(model=model, **options), store=store)


def told(outcome: Outcome, file: str) -> str:
    """What happened, with the shapes that a forward came to before it failed."""
    so_far = f" Up to there came: {' → '.join(outcome.operations)}." if outcome.operations else ""
    return f"{outcome.sentence(file)}{so_far}"


def begun(settings: Settings, before: Session) -> Session:
    """A new session, with the source of its model from the one before where it needs one. Raises as `Session` does."""
    store = Store()
    if settings.model.startswith(own.PREFIX):
        store.put(before.store.get(own.parsed(settings.model)[0]))
    same = settings.model == before.journal.settings.model
    return Session(settings, before.make_model if same else None, store=store)


def read(path: Path) -> bytes:
    """The source in a file. Raises ValueError, in one sentence."""
    try:
        if path.suffix != ".py" or not path.is_file():
            what = "is a folder" if path.is_dir() else "is not there" if not path.exists() else "is no .py file"
            raise ValueError(f"{path} {what}: choose a Python file with a model in it.")
        if path.stat().st_size > own.MOST_BYTES:
            raise ValueError(f"{path.name} has more than {own.MOST_BYTES:,} bytes: choose a file that somebody wrote.")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error}): choose another, or allow it.") from error


def settings_with_models(start: Settings, branches: Sequence[StoredBranch]) -> list[Settings]:
    """The start and what follows each reload, as far as it is about own models."""
    found = [start]
    for branch in branches:
        reloads = (one for one in branch.entries if isinstance(one, Command) and one.name == NAME)
        found += [start.change(**dict(one.arguments)) for one in reloads]
    return [one for one in found if one.model.startswith(own.PREFIX)]


def models_of(session: Session) -> list[str]:
    """The own models that a session starts from, or takes on any of its branches."""
    found = [session.journal.settings.model]
    for branch in session.branches:
        commands = (entry for entry in branch.journal.entries if isinstance(entry, Command) and entry.name == NAME)
        found += [str(dict(command.arguments).get("model")) for command in commands]
    return [model for model in dict.fromkeys(found) if model.startswith(own.PREFIX)]
