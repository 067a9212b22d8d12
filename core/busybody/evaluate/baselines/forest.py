"""An isolation forest for each person, as busybody 1.0 had it: place on the globe, and the words of ASN and agent.

No time, no travel. The forest is grown anew every week from all that is known of the person, once ten sign-ins are.
Slow: a sign-in costs milliseconds. Needs scikit-learn.
"""

from __future__ import annotations

from math import cos, radians, sin
from typing import Any, Dict, List, Tuple

from ...errors import MissingExtra
from ...signin import SignIn

LEAST, MOST = 10, 500  # sign-ins to grow from
EVERY = 7 * 86400.0
TREES = 100


class Forest:
    def __init__(self) -> None:
        """Raises MissingExtra where scikit-learn is absent."""
        try:
            from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped,unused-ignore]
            from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped,unused-ignore]
        except ImportError as error:
            raise MissingExtra("scikit-learn", "train", "the forest baseline") from error
        self._forest, self._words = IsolationForest, TfidfVectorizer
        self._history: Dict[str, List[SignIn]] = {}
        self._grown: Dict[str, Tuple[float, Any, Any]] = {}

    def score_and_learn(self, signin: SignIn) -> float:
        if signin.outcome != "success":
            return 0.0
        history = self._history.setdefault(signin.user, [])
        grown = self._grown.get(signin.user)
        if len(history) >= LEAST and (grown is None or signin.time - grown[0] >= EVERY):
            grown = self._grown[signin.user] = (signin.time, *self._grow(history[-MOST:]))
        history.append(signin)
        if grown is None:
            return 0.0
        _, forest, words = grown
        return -float(forest.score_samples(_vectors([signin], words))[0])

    def _grow(self, history: List[SignIn]) -> Tuple[Any, Any]:
        words = self._words(token_pattern=r"[^ ]+")  # noqa: S106  a pattern
        words.fit([_text(one) for one in history])
        forest = self._forest(n_estimators=TREES, random_state=0, n_jobs=1).fit(_vectors(history, words))
        return forest, words


def _text(signin: SignIn) -> str:
    return f"as{signin.asn} {signin.user_agent or 'none'}"


def _vectors(signins: List[SignIn], words: Any) -> Any:
    texts = words.transform([_text(one) for one in signins]).toarray().tolist()
    return [[*_globe(one), *row] for one, row in zip(signins, texts)]


def _globe(signin: SignIn) -> Tuple[float, float, float]:
    if signin.lat is None or signin.lon is None:
        return 0.0, 0.0, 0.0
    lat, lon = radians(signin.lat), radians(signin.lon)
    return cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat)
