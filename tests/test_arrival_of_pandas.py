"""`df.llm` is there whichever comes first; each order in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from tests.house.source import ROOT

CHECK = "assert type(pandas.DataFrame({'a': [1]}).llm).__name__ == 'FrameAccessor'"
GONE = "assert not [one for one in sys.meta_path if type(one).__name__ == '_Watcher']"


def run(*lines: str) -> str:
    """Run a program in a fresh process in which a warning is an error; what it printed."""
    program = "\n".join(textwrap.dedent(one) for one in ("import sys", *lines))
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize(
    "order",
    [
        ("import pandas", "import mojentic_nb"),
        ("import mojentic_nb", "import pandas"),
        ("import mojentic_nb", "from pandas import DataFrame; import pandas"),
        ("import mojentic_nb.broker", "import pandas.api.types, pandas"),
    ],
    ids=" then ".join,
)
def test_it_is_there_whichever_comes_first(order):
    run(*order, CHECK, GONE)


def test_nothing_of_pandas_or_of_the_batch_is_loaded_for_it():
    run("import mojentic_nb", "assert 'pandas' not in sys.modules")
    run("import mojentic_nb, pandas", "assert 'mojentic_nb.batch' not in sys.modules")


def test_pandas_loads_as_it_would_without_us():
    run(
        "import mojentic_nb, pandas, inspect",
        "loader = pandas.__spec__.loader",
        "assert type(loader).__name__ == 'SourceFileLoader', loader",
        "assert pandas.__loader__ is loader and 'exec_module' not in vars(loader)",
        "assert 'DataFrame' in inspect.getsource(pandas)",
    )


def test_looking_for_pandas_changes_nothing():
    run(
        """
        import importlib.util, mojentic_nb
        spec = importlib.util.find_spec("pandas")
        assert spec.name == "pandas" and spec.origin.endswith("__init__.py")
        assert type(spec.loader).__name__ == "SourceFileLoader"
        assert "pandas" not in sys.modules
        assert importlib.util.find_spec("no_such_library") is None
        import pandas
        """,
        CHECK,
        GONE,
    )


def test_where_pandas_is_not_installed_its_import_fails_as_ever():
    run(
        """
        import mojentic_nb
        path, sys.path = sys.path, []
        try:
            import pandas
        except ModuleNotFoundError as error:
            assert error.name == "pandas"
        else:
            raise SystemExit("imported from nowhere")
        sys.path = path
        import importlib, pandas
        """,
        CHECK,
        GONE,
    )


def test_an_import_of_pandas_that_breaks_may_be_made_again():
    run(
        """
        import mojentic_nb
        sys.modules["numpy"] = None
        try:
            import pandas
        except ImportError:
            pass
        else:
            raise SystemExit("imported without numpy")
        for name in [name for name in sys.modules if name.partition(".")[0] in ("numpy", "pandas")]:
            del sys.modules[name]
        import pandas
        """,
        CHECK,
        GONE,
    )


def test_reloading_either_is_fine():
    run(
        "import importlib, mojentic_nb, pandas",
        "importlib.reload(mojentic_nb)",
        "importlib.reload(mojentic_nb.arrival_of_pandas); importlib.reload(mojentic_nb)",
        "importlib.reload(pandas)",
        CHECK,
        GONE,
    )
    run(
        "import importlib, mojentic_nb",
        "importlib.reload(mojentic_nb)",
        "assert [type(one).__name__ for one in sys.meta_path].count('_Watcher') == 1",
        "import pandas",
        CHECK,
        GONE,
    )


def test_many_threads_may_import_it_at_once():
    run(
        """
        import threading, mojentic_nb
        failed, begin = [], threading.Barrier(8, timeout=60)

        def load():
            begin.wait()
            try:
                import pandas
                pandas.DataFrame({"a": [1]}).llm
            except BaseException as problem:
                failed.append(problem)

        threads = [threading.Thread(target=load) for _ in range(8)]
        [one.start() for one in threads]
        [one.join() for one in threads]
        assert not failed, failed
        import pandas
        """,
        CHECK,
        GONE,
    )


def test_it_comes_even_where_pandas_is_half_imported_when_we_come():
    run(
        """
        import threading
        half, go_on = threading.Event(), threading.Event()

        class Slow:  # holds the import of pandas in its middle
            def find_spec(self, name, path=None, target=None):
                if name == "pandas.core.api":
                    half.set()
                    go_on.wait(20)

        sys.meta_path.insert(0, Slow())
        other = threading.Thread(target=__import__, args=("pandas",))
        other.start()
        half.wait(20)
        import mojentic_nb
        waiting = [one for one in threading.enumerate() if one.name == "mojentic-pandas"]
        assert len(waiting) == 1
        go_on.set()
        other.join()
        waiting[0].join()
        import pandas
        """,
        CHECK,
    )


def test_somebody_elses_accessor_is_left_alone_and_that_is_said():
    run(
        """
        import warnings, pandas
        pandas.api.extensions.register_dataframe_accessor("llm")(lambda frame: "theirs")
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            import mojentic_nb
        assert pandas.DataFrame().llm == "theirs"
        assert ["left as it is" in str(one.message) for one in heard] == [True]
        """
    )


def test_frames_are_pickled_and_copied_as_before():
    run(
        """
        import copy, pickle, mojentic_nb, pandas
        frame = pandas.DataFrame({"a": [1, 2]})
        plain = pickle.dumps(frame)
        frame.llm
        assert pickle.dumps(frame) == plain
        pandas.testing.assert_frame_equal(pickle.loads(plain), frame)
        pandas.testing.assert_frame_equal(copy.deepcopy(frame), frame)
        """,
        CHECK,
    )
