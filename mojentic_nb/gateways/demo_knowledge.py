"""The little the demo model knows: tables of words, nothing that decides.

Law: constants only. A fact earns its line when a tutorial asks for it; this
is a stage prop, not an encyclopaedia. Rules that read these tables are in
`demo_words` and `demo_schema`.
"""

from __future__ import annotations

HONEST = (
    "I am mojentic_nb's **demo model**: a small rule-based program that runs offline. "
    "I am not a language model, so I match patterns and do not understand."
)
REAL_MODEL = (
    "For a real model use `-m ollama:llama3.2`, or set `OPENAI_API_KEY` or `ANTHROPIC_API_KEY`."
)
NOTE = "*(From the offline demo model: rule-based, not a language model.)*"
ABILITIES = """\
I can

- do arithmetic: `What is 17*23?`
- count, reverse, upper-case or summarise text you give me
- write a list, a table, a haiku, a Python function or a long text
- remember this conversation: `My name is Ada`
- call your tools, and fill your schemas from the prompt"""

MONTHS = (
    "january february march april may june july august september october november december"
).split()

NOT_NAMES = frozenset(
    MONTHS
    + (
        "monday tuesday wednesday thursday friday saturday sunday today tomorrow yesterday "
        "a about add after all also an and any are as ask at be because but by calculate can "
        "classify compare compute convert could count create date define describe do does each "
        "everyone explain extract fill find first for from generate get give good had has have he "
        "hello help her here hey hi his how i i'm i've identify if in is it its json just label "
        "last let list make many may me most my name next no not now of ok okay on one or our "
        "parse people person please produce put rate read remember resolve return reverse "
        "say second see "
        "she should show some so suggest summarise summarize tag tell text thank thanks that the "
        "their them then there these they third this those time title to translate turn two under "
        "use using was we weather were what what's when where which who whose why will with would "
        "write yes you your age city analyse analyze book recipe years old llm api mr new-line"
    ).split()
)

CAPITALS = {
    "France": "Paris",
    "Germany": "Berlin",
    "Italy": "Rome",
    "Spain": "Madrid",
    "Portugal": "Lisbon",
    "England": "London",
    "Canada": "Ottawa",
    "Japan": "Tokyo",
    "China": "Beijing",
    "India": "New Delhi",
    "Brazil": "Brasília",
    "Egypt": "Cairo",
    "Kenya": "Nairobi",
    "Australia": "Canberra",
    "Sweden": "Stockholm",
    "Norway": "Oslo",
    "Poland": "Warsaw",
    "Greece": "Athens",
    "Ireland": "Dublin",
    "Mexico": "Mexico City",
    "Argentina": "Buenos Aires",
    "Netherlands": "Amsterdam",
    "Switzerland": "Bern",
    "the United Kingdom": "London",
    "the United States": "Washington, D.C.",
}

TOPICS = {
    "python": "**Python** is a programming language made for readable code. It is used for "
    "science, data, the web and teaching.",
    "jupyter": "**Jupyter** runs code in notebooks: cells of code and text whose outputs stay "
    "beside them. A kernel does the work; the browser shows it.",
    "notebook": "**A notebook** is a document of cells: code, its output and the words between.",
    "llm": "**A large language model** predicts the next token of a text from all the tokens "
    "before it. Training on much text makes those predictions useful.",
    "large language model": "**A large language model** predicts the next token of a text from "
    "all the tokens before it.",
    "token": "**A token** is a piece of text that a model reads or writes at once: a short word "
    "or a part of a long one.",
    "prompt": "**A prompt** is the text you give a model: the question, and all it needs to know.",
    "temperature": "**Temperature** says how freely a model chooses its next token: at 0 it takes "
    "the likeliest, higher values let it wander.",
    "embedding": "**An embedding** is a list of numbers that stands for a text, so that texts of "
    "similar meaning lie close together.",
    "tool calling": "**Tool calling** lets a model ask for a function by name with arguments; "
    "your program runs it and sends the result back.",
    "machine learning": "**Machine learning** fits a program's parameters to examples, in place "
    "of rules written by hand.",
    "recursion": "**Recursion** solves a problem with smaller copies of itself until one is easy.",
    "json": "**JSON** is a text format for data: objects, lists, strings, numbers, true, false "
    "and null.",
    "photosynthesis": "**Photosynthesis** is how plants turn light, water and carbon dioxide into "
    "sugar and oxygen. It happens in the chloroplasts.",
    "gravity": "**Gravity** draws masses together. Near the Earth it speeds up a falling body by "
    "9.8 m/s each second.",
    "prime number": "**A prime number** is a whole number above 1 that only 1 and itself divide: "
    "2, 3, 5, 7, 11 ...",
    "fibonacci": "**The Fibonacci numbers** start 0, 1; each next one is the sum of the two "
    "before: 0, 1, 1, 2, 3, 5, 8 ...",
    "dna": "**DNA** is the molecule that stores a living thing's inherited instructions, written "
    "in four bases: A, C, G and T.",
    "black hole": "**A black hole** is a place where gravity is so strong that light cannot leave.",
    "moon": "**The Moon** circles the Earth in about 27 days, some 384,000 km away.",
    "sky blue": "**The sky is blue** because air scatters short, blue waves of sunlight more than "
    "long, red ones.",
    "water": "**Water** is H2O: two hydrogen atoms and one oxygen atom. It freezes at 0 °C.",
    "list comprehension": "**A list comprehension** builds a list in one expression: "
    "`[n * n for n in range(5)]`.",
    "ada lovelace": "**Ada Lovelace** wrote in 1843 what is often called the first computer "
    "program, for Babbage's Analytical Engine.",
    "mojentic": "**mojentic_nb** brings language models to Jupyter: magics, tools, structured "
    "answers, widgets and traces.",
}

HELLO = {
    "french": "bonjour",
    "spanish": "hola",
    "german": "hallo",
    "italian": "ciao",
    "portuguese": "olá",
    "dutch": "hallo",
    "japanese": "こんにちは",
    "latin": "salve",
}
PHRASES = {
    "hello": HELLO,
    "thank you": {"french": "merci", "spanish": "gracias", "german": "danke", "italian": "grazie"},
    "good morning": {"french": "bonjour", "spanish": "buenos días", "german": "guten Morgen"},
    "goodbye": {"french": "au revoir", "spanish": "adiós", "german": "auf Wiedersehen"},
    "cat": {"french": "chat", "spanish": "gato", "german": "Katze", "italian": "gatto"},
    "yes": {"french": "oui", "spanish": "sí", "german": "ja", "italian": "sì"},
}
LISTS = {
    "fruit": ["apple", "banana", "cherry", "date", "elderberry", "fig", "grape"],
    "colo": ["red", "green", "blue", "yellow", "purple", "orange", "white"],
    "planet": ["Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune"],
    "animal": ["otter", "heron", "fox", "whale", "bee", "owl", "lynx"],
    "language": ["Python", "Julia", "R", "Rust", "JavaScript", "Haskell", "Lua"],
    "cit": ["Paris", "Tokyo", "Nairobi", "Lima", "Oslo", "Cairo", "Sydney"],
    "countr": ["France", "Japan", "Kenya", "Peru", "Norway", "Egypt", "Canada"],
    "prime": ["2", "3", "5", "7", "11", "13", "17", "19", "23", "29"],
    "name": ["Ada", "Grace", "Alan", "Hedy", "Claude", "Emmy", "Linus"],
    "librar": ["numpy", "pandas", "matplotlib", "scipy", "pydantic", "httpx", "rich"],
}
LONG_TEXT = (
    "This is canned text from a rule-based offline demo model, not a language model.",
    "The lamp on the desk was still warm when the first cell began to run.",
    "One number followed another, and each found its place in the table.",
    "Outside, the rain wrote long lines on the window and wiped them away again.",
    "Nobody had asked the kernel to hurry, so it counted slowly and well.",
    "A small graph appeared, rose a little, and settled like a bird on a wire.",
    "The reader leaned closer, changed one word, and pressed the keys once more.",
    "This time the curve was different, and the difference was the story.",
    "She wrote the reason beside it, because a picture forgets why it was drawn.",
    "The afternoon went by in outputs, some plain and some surprising.",
    "When a loop ran too long she stopped it, and nothing was lost.",
    "Old results waited above, ready to be compared with the new.",
    "By evening the notebook could explain itself from top to bottom.",
    "She saved it, closed the lid, and let the lamp go out.",
)
CODE = {
    "fibonacci": "def fibonacci(n: int) -> int:\n    a, b = 0, 1\n    for _ in range(n):\n"
    "        a, b = b, a + b\n    return a",
    "prime": "def is_prime(n: int) -> bool:\n    return n > 1 and all(n % d for d in "
    "range(2, int(n**0.5) + 1))",
    "factorial": "def factorial(n: int) -> int:\n    return 1 if n < 2 else n * factorial(n - 1)",
    "palindrome": "def is_palindrome(text: str) -> bool:\n    letters = [c.lower() for c in text "
    "if c.isalnum()]\n    return letters == letters[::-1]",
    "reverse": "def reverse(text: str) -> str:\n    return text[::-1]",
    "sort": "def sort_numbers(numbers: list[float]) -> list[float]:\n    return sorted(numbers)",
    "add": "def add(a: float, b: float) -> float:\n    return a + b",
    "mean|average": "def mean(numbers: list[float]) -> float:\n    return sum(numbers) / "
    "len(numbers)",
    "fizz": 'def fizzbuzz(n: int) -> str:\n    return "Fizz" * (n % 3 == 0) + "Buzz" * '
    "(n % 5 == 0) or str(n)",
    "hello": 'def hello(name: str = "world") -> str:\n    return f"Hello, {name}!"',
}
POSITIVE = frozenset(
    "love loved great good excellent happy wonderful amazing best fantastic like liked enjoy "
    "enjoyed nice perfect delightful brilliant helpful awesome pleased recommend".split()
)
NEGATIVE = frozenset(
    "hate hated bad terrible awful worst sad poor boring broken angry disappointing disappointed "
    "slow horrible useless annoying ugly wrong never refund".split()
)
