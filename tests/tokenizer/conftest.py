"""Texts that tokenizers stumble over."""

import pytest
from hypothesis import settings

settings.register_profile("any speed", deadline=None)  # a busy machine makes no test fail
settings.load_profile("any speed")

HARD = {
    "empty": "",
    "family": "👨\u200d👩\u200d👧\u200d👦 and 👩🏽\u200d🚀!",
    "flags": "🇩🇪🇫🇷🇯🇵 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f 🏳️\u200d🌈",
    "keycaps": "1️⃣2️⃣#️⃣",
    "skin tones": "👍👍🏻👍🏿",
    "cjk": "東京都は日本の首都です。 北京市是中国的首都。 서울은 한국의 수도이다.",
    "devanagari": "नमस्ते दुनिया, क्षत्रिय",
    "thai": "สวัสดีชาวโลก",
    "arabic": "السَّلَامُ عَلَيْكُمْ \u200fabc\u200e",
    "combining": "e\u0301 n\u0303 a" + "\u0300\u0301\u0302\u0303" * 25 + " Z̷a̴l̵g̶o̸",
    "spaces": "a  b   c    d" + " " * 301 + "e \t \r\n \n\n  \n x   ",
    "odd spaces": "a\u00a0b\u2003c\u3000d\u2028e\u0085f\u200bg\ufeffh\x1ci\x1fj",
    "newlines": "\n\n\n\ta\n\n  b\r\n\r\nc\r",
    "nul": "a\x00b\x00\x00 \x00",
    "controls": "".join(map(chr, range(32))) + "\x7f\x80\x9f",
    "numbers": "3.14159 1,000,000 ½ ² ٣٤ 1234567890123",
    "contractions": "It's I'LL we'Ve don't O'Neil 'sup ''' y'all’s",
    "ends of planes": "\ufffd\ufffe\uffff\U0010ffff\U000e0001",
    "special": "a <|endoftext|> b <|endof <|endoftext|",
    "code": "def f(x):\n\treturn {**x, 'k': [1][0]}  # ok?\n" * 3,
    "long word": "abcdefghij" * 50 + "é" * 200 + "😊" * 100,
}


@pytest.fixture(scope="session")
def hard_texts():
    return list(HARD.values())
