"""lathe: a small training framework for image models, in PyTorch's words.

    import lathe

    loader = lathe.DataLoader(lathe.datasets.fashion_mnist(), batch_size=64, shuffle=True, seed=1)
    model = lathe.models.lenet5(seed=42)
    optimizer = lathe.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = lathe.sched.CyclicLR(optimizer, base_lr=1e-4, max_lr=3e-3, step_size_up=2345)
    for x, y in loader:
        optimizer.zero_grad()
        loss = lathe.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()

One file of ctypes and numpy over the shared library. Structs, enums and prototypes come from the library's own
text of its headers (lathe_declarations), and names from its registries: a new optimizer, schedule, loss, layer or
model is here without a line. docs/python.md is the manual.
"""
import contextlib
import copy
import ctypes
import functools
import glob
import inspect
import itertools
import keyword
import operator
import os
import re
import sys
import threading
import types
import weakref

import numpy as np

# ---- the library --------------------------------------------------------------------------------------------


def _open_library():
    """LATHE_LIBRARY, or the library beside this file, of this prefix or source tree, or the system's."""
    here = os.path.dirname(os.path.abspath(__file__))
    wanted = os.environ.get("LATHE_LIBRARY")
    near = [os.path.join(here, "liblathe.so.0")]
    for lib in ("lib", "lib64", os.path.join("lib", "*")):
        near += glob.glob(os.path.join(here, "..", "..", "..", lib, "liblathe.so.0"))
    built = glob.glob(os.path.join(here, "..", "build*", "python", "liblathe.so.0"))
    near += sorted(filter(os.path.exists, built), key=os.path.getmtime, reverse=True)
    tried = [wanted] if wanted else [path for path in near if os.path.exists(path)] + ["liblathe.so.0"]
    for path in tried:
        try:
            library = ctypes.CDLL(path)
            library.lathe_declarations  # noqa: B018: another library has none
            return library
        except (OSError, AttributeError) as why:
            problem = why
    raise ImportError(f"lathe: no liblathe.so.0 ({problem}); set LATHE_LIBRARY to its path")


_library = _open_library()


class Error(Exception):
    """A failure of lathe: one line with both facts. Each kind of failure has a class of its own."""


def _kind(name, also, text):
    return type(name, (Error, also), {"__doc__": text, "__module__": __name__})


OutOfMemory = _kind("OutOfMemory", MemoryError, "Memory ran out.")
ArgumentError = _kind("ArgumentError", ValueError, "An argument is outside its legal range.")
ShapeError = _kind("ShapeError", ValueError, "Shapes do not fit each other.")
StateError = _kind("StateError", RuntimeError, "A call at the wrong time, or a tensor of an earlier step.")
UnknownName = _kind("UnknownName", LookupError, "An unknown name; the message lists the known ones.")
FileError = _kind("FileError", OSError, "The operating system refused to open, read or write.")
FormatError = _kind("FormatError", ValueError, "A file does not have the expected form.")
_ERRORS = [Error, OutOfMemory, ArgumentError, ShapeError, StateError, UnknownName, FileError, FormatError]


class _Declarations:
    """The public headers, read from their text: constants, structs and prototypes."""

    SIMPLE = {"int": ctypes.c_int, "unsigned": ctypes.c_uint, "size_t": ctypes.c_size_t, "bool": ctypes.c_bool,
              "char": ctypes.c_char, "double": ctypes.c_double, "float": ctypes.c_float, "uint8_t": ctypes.c_uint8,
              "uint16_t": ctypes.c_uint16, "uint32_t": ctypes.c_uint32, "uint64_t": ctypes.c_uint64,
              "int64_t": ctypes.c_int64, "int32_t": ctypes.c_int32}

    def __init__(self, text):
        self.constants, self.enums, self.bodies, self.prototypes = {}, {}, {}, {}
        self.types = dict(self.SIMPLE)  # of ctypes, by C name
        self.fields = {}  # of a struct: {name: C type}
        text = re.sub(r"#ifdef __cplusplus.*?#endif", "", text, flags=re.S).replace("\\\n", " ")
        for name, value in re.findall(r"^\s*#define (\w+) +(.+)$", text, flags=re.M):
            self.constants.setdefault(name, value)
        self.types["lathe_real"] = self.SIMPLE[self.constants["LATHE_REAL"]]
        text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
        for line in self._split(re.sub(r"__attribute__\(\(.*?\)\)\)?", "", text)):
            self._declaration(line)

    @staticmethod
    def _split(text):
        """The declarations: each ends with a ';' outside of braces, or with the body of a function."""
        depth, start = 0, 0
        for match in re.finditer(r"[{};]", text):
            at, sign = match.start(), match.group()
            depth += (sign == "{") - (sign == "}")
            if depth == 0 and (sign == ";" or re.search(r"\)\s*\{", text[start:at])):
                yield " ".join(text[start:at].split())
                start = at + 1

    def _declaration(self, line):
        if line.startswith(("static ", "extern ", "_Static_assert")):
            return
        body = re.match(r"(?:typedef )?(struct|enum)\s*(\w*) ?\{(.*)\}\s*(\w*)$", line)
        if body and body[1] == "enum":
            self._enum(body[4] or body[2], body[3])
        elif body:
            self.bodies[body[4] or body[2]] = body[3]
        elif not line.startswith("typedef ") and "(" in line:
            result, name, parameters = re.match(r"(.*?)(lathe_\w+)\((.*)\)$", line).groups()
            self.prototypes[name] = (self._plain(result), parameters)

    def _enum(self, name, body):
        value, members = -1, {}
        for entry in filter(None, (part.strip() for part in body.split(","))):
            word, _, number = (part.strip() for part in entry.partition("="))
            value = self.constant(number) if number else value + 1
            members[word] = self.constants[word] = value
        self.enums[name] = members
        self.types[name] = ctypes.c_int

    def constant(self, text):
        """The value of a whole number, of a constant's name, or of their product, sum or shift."""
        text = re.sub(r"[A-Za-z_]\w*", lambda word: str(self.constant(self.constants[word[0]])), str(text))
        return int(eval(text, {"__builtins__": {}}) if re.fullmatch(r"[\d\s()+*<-]+", text) else 0)  # noqa: S307

    @staticmethod
    def _plain(text):
        """"const lathe_tensor *const *" becomes "lathe_tensor **"; text stays "const char *"."""
        stars, words = text.count("*"), re.sub(r"\b(struct|enum)\b|\*", " ", text).split()
        base = " ".join(words) if words[-1] == "char" else words[-1 if words[-1] != "const" else -2]
        return base + (" " + "*" * stars if stars else "")

    def declared(self, text):
        """The variables of one declaration: "double mean[4], std[4]" as (name, C type, lengths)."""
        function = re.match(r"(.*?)\(\s*\*\s*(\w+)\)\s*\(.*\)$", text)
        if function:
            yield function[2], "void *", []
            return
        base, rest = re.match(r"((?:(?:const|struct|enum) )*\w+)\s*(.*)$", text).groups()
        for one in rest.split(","):
            name, lengths = re.match(r"[\s*]*(?:const )?[\s*]*(\w+)((?:\[[^\]]*\])*)$", one).groups()
            lengths = [self.constant(length or 0) for length in re.findall(r"\[([^\]]*)\]", lengths)]
            yield name, self._plain(base + "*" * one.count("*")), lengths

    def type(self, text):
        """The ctypes type of a C type."""
        if text.endswith("*"):
            return ctypes.c_char_p if text == "const char *" else ctypes.c_void_p
        if text not in self.types:
            members, self.fields[text] = [], {}
            for entry in filter(None, (part.strip() for part in self.bodies[text].split(";"))):
                for name, kind, lengths in self.declared(entry):
                    made = self.type(kind)
                    for length in reversed(lengths):
                        made = made * length
                    members.append((name, made))
                    self.fields[text][name] = kind
            self.types[text] = type(text, (ctypes.Structure,), {"_fields_": members})
        return self.types[text]

    def parameters(self, name):
        """The parameters of a function as (name, C type); the last is ("...", None) if any may follow."""
        text = self.prototypes[name][1]
        for one in ([] if text in ("void", "") else re.split(r",(?![^(]*\))", text)):
            if one.strip() == "...":
                yield "...", None
                continue
            for word, kind, lengths in self.declared(one.strip()):
                yield word, self._plain(kind + "*") if lengths else kind


_raw = ctypes.CFUNCTYPE(ctypes.c_char_p)(("lathe_declarations", _library))
declarations = _Declarations(_raw().decode())
_functype = ctypes.CFUNCTYPE
if declarations.constants["LATHE_THREADS"] == "none":  # such a library has no locks: one call at a time
    _functype, _library = ctypes.PYFUNCTYPE, ctypes.PyDLL(_library._name)
_real = np.dtype(declarations.types["lathe_real"])
_struct = declarations.type


def _fail(status=None, message=None):
    """Raise the latest failure of this thread, or the given one."""
    pending = getattr(_thread, "pending", None)
    if pending is not None:  # of a forward in Python, which C has called
        _thread.pending = None
        _clear()
        raise pending
    status = status or _status()
    message = message or (_message() or b"failed without a message").decode("utf-8", "replace")
    _clear()
    raise _ERRORS[status if status < len(_ERRORS) else 0](message)


class _Functions:
    """The functions of the public headers: c.NAME raises their failures, c.raw(NAME) does not look."""

    def raw(self, name):
        if name not in declarations.prototypes:
            raise AttributeError(f"this liblathe has no function {name}")
        result, _ = declarations.prototypes[name]
        types_ = [declarations.type(kind) for _, kind in declarations.parameters(name) if kind]
        made = _functype(None if result == "void" else declarations.type(result), *types_)
        return made((name, _library))

    def __getattr__(self, name):
        function, result = self.raw(name), declarations.prototypes[name][0]
        if result == "lathe_status":
            def check(value, *_):
                return _fail() if value else value
        elif result.endswith("*"):
            def check(value, *_):
                return _fail() if value is None and _status() else value
        else:
            check = None
        if check:
            function.errcheck = check
        setattr(self, name, function)
        return function

    def __dir__(self):
        return sorted(declarations.prototypes)


class _Unique:
    """What owns memory of the library, and therefore has no copy."""

    __slots__ = ()

    def __reduce_ex__(self, protocol):
        raise TypeError(f"{type(self).__name__} owns memory of the library: it has no copy and no pickle. Make it "
                        "again, and give a model its numbers with load_state_dict(state_dict())")


c = _Functions()
_thread = threading.local()
_status, _message, _clear = c.raw("lathe_error"), c.raw("lathe_error_message"), c.raw("lathe_error_clear")
__version__ = c.raw("lathe_version")().decode()


# ---- numbers and options ------------------------------------------------------------------------------------

_POINTEES = {"double *": np.float64, "float *": np.float32, "int *": np.int32, "uint8_t *": np.uint8,
             "size_t *": np.uintp, "uint64_t *": np.uint64, "lathe_real *": _real}


def _array(values, dtype):
    return np.ascontiguousarray(values, dtype=dtype)


def _bytes(text):
    """A text or a path as C reads it, to its end."""
    found = os.fsencode(text)
    if b"\0" in found:
        raise ArgumentError(f"{text!r} has a zero byte")
    return found


def _labels(values):
    """Whole numbers as C's int; one that does not fit is refused, not cut off."""
    labels = _array(values, np.int32)
    if values.dtype.itemsize >= labels.itemsize and values.dtype != labels.dtype and (labels != values).any():
        raise ArgumentError(f"label {values[labels != values][0]} does not fit int")
    return labels


def _shape(dims):
    """A lathe_shape of a number or a sequence of them."""
    dims = [int(dim) for dim in np.atleast_1d(np.asarray(dims, dtype=np.int64))] if np.size(dims) else []
    most = declarations.constant("LATHE_MAX_RANK")
    if len(dims) > most:
        raise ShapeError(f"a shape has at most {most} dimensions, not {len(dims)}")
    shape = _struct("lathe_shape")(len(dims))
    shape.dim[:len(dims)] = dims
    return shape


def _choice(kind, value, who):
    """The number of an enum's member from a part of its name: "row" for LATHE_DEPTH_ROW."""
    members = declarations.enums[kind]
    if not isinstance(value, str):
        return int(value)
    for word, number in members.items():
        if word.lower() == value.lower() or word.lower().endswith("_" + value.lower()):
            return number
    raise ArgumentError(f"{who} = {value!r} is not legal: {' | '.join(word.lower() for word in members)}")


def _convert(kind, value, who, keep):
    """A value as an argument of the C type `kind`; what it points to is added to `keep`."""
    if kind in declarations.enums:
        return _choice(kind, value, who)
    if kind == "const char *":
        return value if value is None else _bytes(value)
    if kind in _POINTEES and value is not None:
        keep.append(_array(value, _POINTEES[kind]))
        return keep[-1].ctypes.data
    if kind == "const char **" and value is not None:
        keep.append((ctypes.c_char_p * len(value))(*(_bytes(text) for text in value)))
        return ctypes.addressof(keep[-1])
    if kind.endswith("*"):  # of lathe's own: never a number of the caller's
        if kind[:12] != "lathe_tensor" and not isinstance(value, (type(None), ctypes.c_void_p)):
            raise TypeError(f"{who} = {value!r} is not a {kind[:-2]}")
        return value
    if kind == "lathe_shape":
        return _shape(value)
    if kind in declarations.bodies:
        return _fill(_struct(kind)(), value, who, keep)
    try:
        if kind in ("double", "float"):
            return float(value)
        if kind == "bool":
            return bool(value)
        if _struct(kind)(value.__index__()).value == value:  # not cut off
            return value.__index__()
    except (TypeError, ValueError, AttributeError):
        pass
    raise ArgumentError(f"{who} = {value!r} is not a number, or not one that fits {kind}")


def _fill(struct, values, who, keep):
    """Set members of a struct from a dictionary, or in their order from a sequence."""
    fields = declarations.fields[type(struct).__name__]
    if not isinstance(values, dict):
        values = dict(zip(fields, [values] if isinstance(values, (str, int, float)) else values))
    for name, value in values.items():
        if name not in fields and "no_" + name in fields:  # bias=False is no_bias=True
            name, value = "no_" + name, not value
        if name not in fields:
            raise UnknownName(f"{who} has no option {name!r}; known: {', '.join(fields)}")
        if value is None:
            continue
        here = f"{who}: {name}"
        if isinstance(value, tuple) and name + "_width" in fields:  # (rows, columns)
            value, width = value
            setattr(struct, name + "_width", _convert(fields[name], width, here, keep))
        member = getattr(struct, name)
        if isinstance(member, ctypes.Array):
            member[:len(value)] = [_convert(fields[name], one, here, keep) for one in value]
        else:
            setattr(struct, name, _convert(fields[name], value, here, keep))
    return struct


def _text(value):
    """A value as lathe_fields_set reads it."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, np.ndarray)):
        return ",".join(_text(one) for one in value)
    return repr(float(value)) if isinstance(value, (float, np.floating)) else os.fspath(value) \
        if hasattr(value, "__fspath__") else str(value)


def _fields(address):
    """The fields of a table."""
    kind = _struct("lathe_field")
    while address:
        field = kind.from_address(address)
        if not field.name:
            return
        yield field
        address += ctypes.sizeof(kind)


def _options(type_, values, keep):
    """The options struct of a kind with a table of fields, filled from keywords."""
    size = ctypes.sizeof(ctypes.c_double) * 2 + type_.opts_size
    opts = (ctypes.c_double * (size // ctypes.sizeof(ctypes.c_double) + 1))()  # aligned
    for name, value in values.items():
        if value is None:
            continue
        keep.append(_text(value).encode())
        name = name.rstrip("_").encode()  # lambda_ is lambda, a word of Python's
        c.lathe_fields_set(type_.name, type_.fields, ctypes.addressof(opts), name, keep[-1], 0.0)
    keep.append(opts)
    return ctypes.addressof(opts)


def _preset(field):
    """A field's default as Python shows it."""
    kind, enums = field.kind, declarations.enums["lathe_field_kind"]
    if field.required:
        return inspect.Parameter.empty
    if kind == enums["LATHE_FIELD_BOOL"]:
        return False
    if kind == enums["LATHE_FIELD_CHOICE"]:
        return ctypes.cast(field.choices, ctypes.POINTER(ctypes.c_char_p))[0].decode()
    if kind == enums["LATHE_FIELD_PATH"] or field.count > 2:
        return None
    numbers = [value if kind == enums["LATHE_FIELD_DOUBLE"] else int(value) for value in field.preset]
    return tuple(numbers) if field.count == 2 else numbers[0]


def _document(made, type_, first):
    """Give a class the signature and the documentation of its table of fields."""
    lines = [(type_.summary or b"").decode(), ""]
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in first]
    room = ctypes.create_string_buffer(declarations.constant("LATHE_FIELD_TEXT"))
    for field in _fields(type_.fields):
        name, preset = field.name.decode(), _preset(field)
        name += "_" * keyword.iskeyword(name)
        parameters.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=preset))
        shown = "" if preset is inspect.Parameter.empty else f" = {preset}"
        c.lathe_field_range(ctypes.addressof(field), ctypes.addressof(room))
        lines.append(f"    {name}{shown}: {(field.help or b'').decode()} ({room.value.decode()})")
    made.__signature__ = inspect.Signature(parameters)
    made.__doc__ = "\n".join(lines)
    return made


# ---- names --------------------------------------------------------------------------------------------------


def _squeeze(name):
    return re.sub(r"[^a-z0-9]", "", name.lower())


class _Names(types.ModuleType):
    """A module whose names are those of a registry. Case, hyphens and underscores do not matter.

    also     PyTorch's names for what lathe calls otherwise
    ending   what PyTorch's names end with: "LR"
    beyond   where a name is looked for that is not here
    """

    def __init__(self, name, known, make, also, ending="", own=None, beyond=None):
        super().__init__(f"{__name__}.{name}")
        self.__path__ = []
        self.__dict__.update(own or {})
        self._known, self._make, self._also, self._ending, self._made = known, make, also, ending, {}
        self._beyond = beyond
        sys.modules[self.__name__] = self

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        known, wanted = {_squeeze(one): one for one in self._known()}, _squeeze(name)
        for word in (wanted, wanted[:-len(self._ending)] if self._ending and wanted.endswith(self._ending) else ""):
            word = _squeeze(self._also.get(word, word))
            if word in known:
                made = self._made.get(word) or self._made.setdefault(word, self._make(known[word]))
                if name != name.lower() and isinstance(made, type):
                    made.__name__ = made.__qualname__ = name  # as it is written: AdamW
                setattr(self, name, made)
                return made
        found = self._beyond and self._beyond(name)
        if found:
            return found
        raise AttributeError(f"{self.__name__} has no {name!r}; known: {', '.join(self._known())}")

    def __dir__(self):
        return sorted({re.sub(r"\W", "_", name) for name in self._known()} |
                      {name for name in self.__dict__ if name[0] != "_"})


def _registry(kind, struct):
    """The names of a registry, and one of its objects by name."""
    at, find = c.raw(f"lathe_{kind}_at"), getattr(c, f"lathe_{kind}_find")

    def names():
        found = (at(index) for index in itertools.count())
        return [_struct(struct).from_address(one).name.decode() for one in iter(lambda: next(found), None)]

    def one(name):
        address = find(name.encode())
        return address, _struct(struct).from_address(address)
    return names, one


def _camel(name):
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[_-]", name))


# ---- tensors ------------------------------------------------------------------------------------------------

_CTensor, _CBatch = _struct("lathe_tensor"), _struct("lathe_batch")
_EVAL, _TRAIN = 0, 1
_PLAIN, _BATCHED = (declarations.constant(name) for name in ("LATHE_PLAIN", "LATHE_BATCHED"))
_tape_begin, _nn_forward, _plan_run = c.raw("lathe_tape_begin"), c.raw("lathe_nn_forward"), c.raw("lathe_plan_run")
_item, _backward, _backward_from = c.raw("lathe_item"), c.raw("lathe_backward"), c.raw("lathe_backward_from")
_input, _tape_leaf = c.raw("lathe_input"), c.raw("lathe_tape_leaf")
_tape_status, _model_status = c.raw("lathe_tape_status"), c.raw("lathe_model_status")
_homes = weakref.WeakValueDictionary()  # by the address of their tape


class _Home(_Unique):
    """A tape. Everything computed lives on it until the next step begins; `step` counts these beginnings."""

    def __init__(self, tape=None):
        self.borrowed, self.tape = tape is not None, tape or c.lathe_tape_new(None)
        self.step, self.live, self.done, self.held = 0, 0, True, False
        self.keep, self.inputs, self.leaves = {}, [], []  # keep: by id, what the tape points to
        self.lock = threading.RLock()  # held by whoever computes on the tape
        if not self.borrowed:
            _homes[self.tape] = self

    def begin(self, mode=_TRAIN):
        self.step += 1  # first: an interrupt in between leaves no tensor that seems to be valid
        _tape_begin(self.tape, mode)
        self.done = False
        if self.keep or self.inputs or self.leaves:
            self.keep, self.inputs, self.leaves = {}, [], []

    def tensor(self, address):
        """The Python tensor of a result; None is a failure."""
        if address is None:
            self.fail()
        made = Tensor.__new__(Tensor)
        made._ptr, made._home, made._step, made._source, made._needs, made._grad = \
            address, self, self.step, None, False, None
        self.live += 1
        return made

    def fail(self):
        self.done = True
        tape = self.tape
        _fail(_status() or _tape_status(tape), _message().decode("utf-8", "replace") if _status()
              else "this step failed before: " + (c.lathe_tape_message(tape) or b"").decode("utf-8", "replace"))

    def __del__(self):
        if not getattr(self, "borrowed", True) and _library:
            _library.lathe_tape_free(ctypes.c_void_p(self.tape))


def _default_home():
    """The tape of operations on tensors that no model has made."""
    home = getattr(_thread, "home", None)
    if home is None:
        home = _thread.home = _Home()
    if home.done or not home.live:
        home.begin()
    return home


class Tensor:
    """Numbers with a shape: a result on a tape, or an array or batch that is put on a tape when it is used.

    A result is valid until its model begins another step, which each call of the model with a new batch or array
    does. A later use raises StateError.
    """

    __slots__ = ("_ptr", "_home", "_step", "_source", "_needs", "_grad", "__weakref__")
    __array_priority__ = 100

    def __init__(self, source, requires_grad=False):
        self._ptr, self._home, self._step, self._source = None, None, 0, source
        self._needs, self._grad = requires_grad, None
        if not isinstance(source, _Batch):
            self._source = _array(source, _real)

    def __del__(self):
        try:
            if self._source is None and self._home is not None:
                self._home.live -= 1
        except AttributeError:  # an interrupt while it was made
            pass

    def _on(self, home, plain=False):
        """The C tensor on the tape of `home`; plain: an array that is a weight or a bias, not images or rows."""
        if self._home is home and self._step == home.step:
            if self._source is not None and self._needs and not _CTensor.from_address(self._ptr).needs_grad:
                self._mark()
            return self._ptr
        if self._source is None:
            self._alive()
            raise StateError("the tensor is on the tape of another model; give its numbers with detach()")
        source = self._source
        address = source.on(home) if isinstance(source, _Batch) else _leaf(home, source, plain)
        if address is None:
            home.fail()
        self._ptr, self._home, self._step = address, home, home.step
        if self._needs:
            self._mark()
        return address

    def __reduce_ex__(self, protocol):
        return Tensor, (self.numpy(), bool(self._needs))  # a copy has the numbers

    def _lock(self):
        """Held while the numbers are read."""
        return self._home.lock

    def _mark(self):
        tensor_ = _CTensor.from_address(self._ptr)
        tensor_.needs_grad = tensor_.keep_grad = True
        self._home.leaves.append(self)

    def _alive(self):
        """The struct of a tensor that may be used."""
        if self._ptr is None:
            self._on(_default_home())
        elif self._source is not None and self._step != self._home.step:
            self._on(_default_home())
        elif self._step != self._home.step:
            raise StateError("the tensor is of an earlier step: its model has begun another one (a call with a new "
                             "batch does); within `with model.step():` the results of several calls stay")
        return _CTensor.from_address(self._ptr)

    @property
    def shape(self):
        if isinstance(self._source, np.ndarray):
            return self._source.shape
        if self._source is not None:
            return self._source.shape
        dims = self._alive().shape
        return tuple(dims.dim[:dims.rank])

    @property
    def ndim(self):
        return len(self.shape)

    def __len__(self):
        return self.shape[0]

    def numpy(self):
        """A copy of the numbers, row-major."""
        if isinstance(self._source, np.ndarray):
            return self._source.copy()
        if self._source is not None:
            self._source.check()
        self._alive()
        with self._lock():
            values = np.empty(self.shape, _real)
            c.lathe_tensor_read(self._ptr, values.ctypes.data, values.size)
        return values

    def __array__(self, dtype=None, copy=None):
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def detach(self):
        """The same numbers as a tensor on no tape, without a gradient."""
        return Tensor(self.numpy())

    def item(self):
        """The number of a tensor with one number."""
        if self._source is not None:
            return self.numpy().item()
        self._alive()
        with self._lock():
            self._alive()
            value = _item(self._ptr)
        if value != value and _status():
            _fail()
        return value

    __float__ = item

    def backward(self, gradient=None):
        """Compute the gradient of every tensor before this one that needs it. Parameters add theirs up."""
        self._alive()
        home = self._home
        with home.lock:
            self._alive()
            for batch in home.inputs:
                batch.check()
            if gradient is None:
                failed = _backward(self._ptr)
            else:
                gradient = _array(gradient, _real)
                failed = _backward_from(self._ptr, gradient.ctypes.data, gradient.size)
            home.done = True
            for leaf in home.leaves:
                leaf._grad = leaf._read_grad()
            if failed:
                home.fail()

    def _read_grad(self):
        values = np.empty(self.shape, _real)
        c.lathe_tensor_read_grad(self._ptr, values.ctypes.data, values.size)
        return values

    @property
    def grad(self):
        """After a backward, the gradient of a tensor made with requires_grad=True; None before."""
        return self._grad

    @property
    def requires_grad(self):
        return self._needs

    @requires_grad.setter
    def requires_grad(self, wanted):
        if self._source is None:
            raise StateError("requires_grad is for tensors of your own, before their first use")
        self._needs = bool(wanted)

    def size(self, dim=None):
        return self.shape if dim is None else self.shape[dim]

    def argmax(self, axis=None):
        """An array: the place of the largest number."""
        return self.numpy().argmax(axis)

    def __repr__(self):
        if self._source is None and self._step != self._home.step:
            return "lathe.Tensor(of an earlier step)"
        return "lathe.Tensor(" + np.array2string(self.numpy(), separator=", ", prefix="lathe.Tensor(") + ")"

    def __add__(self, other):
        return functional.add(self, other if isinstance(other, Tensor) else np.broadcast_to(other, self.shape))

    def __mul__(self, other):
        return functional.scale(self, other) if np.ndim(other) == 0 and not isinstance(other, Tensor) \
            else functional.mul(self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + (-other if isinstance(other, Tensor) else -np.asarray(other, _real))

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        if isinstance(other, Tensor):
            return NotImplemented
        return self * (1 / np.asarray(other, _real)) if np.ndim(other) else self * (1.0 / other)

    def mean(self):
        return functional.mean(self)

    def sum(self):
        return functional.mean(self) * float(np.prod(self.shape, dtype=np.float64))

    def flatten(self):
        return functional.flatten(self)

    def reshape(self, *shape):
        return functional.reshape(self, shape[0] if len(shape) == 1 else shape)

    def relu(self):
        return functional.relu(self)


def tensor(values, requires_grad=False):
    """A tensor of an array; with requires_grad, `backward` leaves its gradient in .grad."""
    return Tensor(values.numpy() if isinstance(values, Tensor) else values, requires_grad)


def _leaf(home, array, plain):
    """An array on a tape. Images and rows [B, ...] lie as a loader would have laid them."""
    home.keep[id(array)] = array
    shape = _shape(array.shape)
    if array.ndim == 4 and not plain:
        layout = c.lathe_layout_rule(*(array.shape[at] for at in (0, 2, 3)))
        if layout != _BATCHED:
            batch = _CBatch(*array.shape, array.ctypes.data, True)
            home.keep[id(batch)] = batch
            return _input(home.tape, ctypes.addressof(batch))
        c.lathe_tape_layout(home.tape, layout)
    return _tape_leaf(home.tape, _BATCHED if array.ndim > 1 and not plain else _PLAIN, shape, array.ctypes.data)


class Parameter(Tensor):
    """A parameter or buffer of a model. It lives with its model."""

    __slots__ = ("_net",)

    def __init__(self, address, net):
        self._ptr, self._net, self._home, self._step = address, net, None, 0
        self._source = self._needs = self._grad = None

    def __del__(self):
        pass

    def _on(self, home, plain=False):
        if home is not self._net:
            home.keep[id(self._net)] = self._net
        return self._ptr

    def _alive(self):
        return _CTensor.from_address(self._ptr)

    def _lock(self):
        return self._net.lock

    @property
    def name(self):
        """Its path: "conv1.weight"."""
        return (self._alive().name or b"").decode()

    @property
    def data(self):
        """The numbers themselves, not a copy: writing changes the model."""
        struct = self._alive()
        if not struct.data:
            raise StateError(f"parameter {self.name} has no numbers yet")
        numbers = (ctypes.c_char * (struct.stored * _real.itemsize)).from_address(struct.data)
        numbers.owner = self._net
        self._net.changed()
        return np.frombuffer(numbers, _real, int(np.prod(self.shape, dtype=np.int64))).reshape(self.shape)

    @data.setter
    def data(self, values):
        self.data[...] = values

    @property
    def grad(self):
        """A copy of the gradient; None without one."""
        struct = self._alive()
        return self._read_grad() if struct.grad and struct.has_grad else None

    @property
    def requires_grad(self):
        return bool(self._alive().needs_grad)

    @requires_grad.setter
    def requires_grad(self, wanted):
        c.lathe_nn_freeze_param(self._ptr, not wanted)

    def item(self):
        return self.numpy().item()

    def __repr__(self):
        return f"lathe.Parameter({self.name}, {list(self.shape)})"


class Parameters(_Unique):
    """The trainable parameters of a model or of a part of it, for an optimizer. A sequence of Parameter."""

    def __init__(self, net, layer):
        self._net, self._ptr = net, c.lathe_nn_params(layer)
        struct = _struct("lathe_params").from_address(self._ptr)
        self._list = [Parameter(one, net) for one in _pointers(struct.tensor, struct.count)]

    def __len__(self):
        return len(self._list)

    def __getitem__(self, index):
        return self._list[index]


def _pointers(address, count):
    return list((ctypes.c_void_p * count).from_address(address)) if count else []


# ---- functions on tensors: those of the headers that return a tensor ----------------------------------------


@functools.lru_cache(maxsize=None)
def _tensor_functions():
    """{name: parameters} of the functions of tensors and numbers, without pointers to unknown amounts."""
    found = {}
    for name, (result, _) in declarations.prototypes.items():
        if result != "lathe_tensor *":
            continue
        parameters = list(declarations.parameters(name))
        kinds = [kind for _, kind in parameters]
        plain = all(kind in ("lathe_tensor *", "lathe_tensor **", "lathe_shape") or kind in declarations.enums or
                    kind in _Declarations.SIMPLE or kind.endswith("_opts *") or
                    kind in _POINTEES and kinds[at + 1:at + 2] == ["int"] for at, kind in enumerate(kinds))
        if plain and kinds[0].startswith("lathe_tensor *"):
            found[name[len("lathe_"):]] = parameters
    return found


_OPTIONAL = ("bool", "double", "const char *", "lathe_layer *", "lathe_tensor *")  # NULL or zero will do, but ...
_REQUIRED = ("p", "min", "max", "factor", "w", "b", "base", "target", "targets")  # ... not for these


def _bind(who, parameters, args, options, keep):
    """The C arguments for Python's: positions, keywords, a count after a list, the rest for the options."""
    made, args, options, after = [], list(args), dict(options), None
    if "kernel_size" in options:
        options["kernel"] = options.pop("kernel_size")
    for at, (name, kind) in enumerate(parameters):
        if kind is None:  # "...": what is left, ended by NULL
            made += [_convert("lathe_layer *", one, who, keep) for one in args] + [ctypes.c_void_p()]
            args = []
        elif kind.endswith("_opts *"):
            struct = _struct(kind[:-2])()
            if options:
                for option in set(options) & {key for key, of in declarations.fields[kind[:-2]].items() if of in _POINTEES}:
                    raise TypeError(f"{who}: {option} is for losses, which know its length")
                _fill(struct, options, who, keep)
                options = {}
            keep.append(struct)
            made.append(ctypes.addressof(struct))
        elif after is not None and kind == "int":
            made.append(after)
            after = None
        else:
            if args:
                value = args.pop(0)
            elif name in options:
                value = options.pop(name)
            elif at and (kind in declarations.enums or kind in _OPTIONAL) and name not in _REQUIRED:
                value = None if kind.endswith("*") else 0  # zero means the default
            else:
                raise TypeError(f"{who} needs {name}")
            if name == "kernel" and isinstance(value, (tuple, list)):
                value, options["kernel_width"] = value
            if kind in _POINTEES or kind.endswith("**"):
                value = np.atleast_1d(value) if kind in _POINTEES else value
                after = len(value)
            made.append(_convert(kind, value, f"{who}: {name}", keep))
    if args or options:
        raise TypeError(f"{who} takes no {', '.join(map(str, options)) or 'further argument'}")
    return made


def _function(name):
    """A function of tensors."""
    function, parameters, who = c.raw("lathe_" + name), _tensor_functions()[name], "lathe_" + name
    tensors_only = all(kind == "lathe_tensor *" for _, kind in parameters)

    def run(*args, **options):
        if tensors_only and len(args) == len(parameters) and \
                all(type(one) is Tensor and one._source is None for one in args):  # the quick way
            home = args[0]._home
            with home.lock:
                return home.tensor(function(*[one._on(home) for one in args]))
        given = [one for arg in itertools.chain(args, options.values())
                 for one in (arg if isinstance(arg, (list, tuple)) else [arg])]
        home = next((one._home for one in given if isinstance(one, Tensor) and one._source is None and
                     not isinstance(one, Parameter)), None)
        home = home or getattr(_thread, "current", None) or _default_home()
        keep = []

        def place(kind, value, word=""):
            if kind == "lathe_tensor *" and value is not None:
                value = value if isinstance(value, Tensor) else Tensor(value)
                if value._source is None and not isinstance(value, Parameter):
                    value._alive()
                return value._on(home, word in ("w", "weight", "bias"))
            if kind == "lathe_tensor **":
                addresses = [place("lathe_tensor *", one) for one in value]
                keep.append((ctypes.c_void_p * len(addresses))(*addresses))
                return keep[-1]
            return value
        kinds = dict(parameters)
        with home.lock:
            args = [place(kind, arg, word) for (word, kind), arg in zip(parameters, args)] + \
                list(args[len(parameters):])
            options = {key: place(kinds.get(key), value, key) for key, value in options.items()}
            return home.tensor(function(*_bind(who, parameters, args, options, keep)))
    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"{who}({', '.join(f'{kind} {word}' for word, kind in parameters)})"
    return run


functional = F = _Names("functional", lambda: sorted(_tensor_functions()), _function, {},
                        beyond=lambda name: name in _loss_names() and _loss_function(name))  # F.cross_entropy


# ---- models and layers --------------------------------------------------------------------------------------

_CLayer, _CLayerType = _struct("lathe_layer"), _struct("lathe_layer_type")
_modules = weakref.WeakValueDictionary()  # of Python's own kinds, by the address of their layer
_seed = 0


def manual_seed(seed):
    """The seed of models that are made without one: of first weights and dropout."""
    global _seed
    _seed = _convert("uint64_t", seed, "seed", [])


class no_grad:  # noqa: N801
    """Within `with lathe.no_grad():` every model evaluates, as after model.eval()."""

    def __enter__(self):
        _thread.evaluating = getattr(_thread, "evaluating", 0) + 1

    def __exit__(self, *_):
        _thread.evaluating -= 1


class _Net(_Home):
    """A C model with its outermost layer, its plan, and its tape for training."""

    def __init__(self, owner=None):
        super().__init__()
        self.owner, self.ptr, self.layer, self.plan, self.fresh = owner, None, None, None, False
        self.training, self.quiet = True, None

    def home(self):
        """The tape of the present mode: evaluation has one of its own, so that a training step outlives it."""
        if self.training and not getattr(_thread, "evaluating", 0):
            return self
        with self.lock:
            self.quiet = self.quiet or _Home()
        return self.quiet

    def changed(self):
        """The weights have changed: the plan's folded ones are old."""
        self.fresh = False

    def evaluate(self, x):
        """The result of the net's plan."""
        if self.plan is None:
            self.plan = c.lathe_plan_new(self.layer)
        if not self.fresh:
            c.lathe_plan_refresh(self.plan)
            self.fresh = True
        return _plan_run(self.plan, x)

    def __del__(self):
        if _library and getattr(self, "plan", None):
            _library.lathe_plan_free(ctypes.c_void_p(self.plan))
        super().__del__()
        if _library and getattr(self, "ptr", None) and self.owner is None:
            _library.lathe_model_free(ctypes.c_void_p(self.ptr))


class Module(_Unique):
    """A layer, a net, or a part of one. A class of your own sets layers as attributes and has a forward(x).

    The C model behind a net is made at the first use of the whole: then its parameters get their first numbers,
    from its seed. The net then has its final form.
    """

    _net = _ptr = _parent = None
    _training = True

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if cls._construct is not Module._construct and cls.forward is not Module.forward:
            raise TypeError(f"{cls.__name__}: the forward of a layer or model of the library is C's and does not change; "
                            "put the layer into a Module of your own")

    def __setattr__(self, name, value):
        if isinstance(value, Module) and name != "_parent":
            self.add_module(name, value)
        object.__setattr__(self, name, value)

    def add_module(self, name, module):
        if self._net is not None or module._net is not None or module._parent is not None:
            raise StateError(f"layer {name}: the net is in use, or the layer is part of another one")
        self.__dict__.setdefault("_children", {})[name] = module
        module.__dict__["_parent"] = weakref.ref(self)

    def __deepcopy__(self, memo):
        """A copy of layers that are not in use yet."""
        if self._net is not None:
            return self.__reduce_ex__(0)
        made = memo[id(self)] = type(self).__new__(type(self))
        made.__dict__.update(copy.deepcopy({key: one for key, one in self.__dict__.items() if key != "_parent"}, memo))
        for child in made.children():
            child.__dict__["_parent"] = weakref.ref(made)
        return made

    def forward(self, x):
        raise NotImplementedError(f"{type(self).__name__} has no forward(x)")

    def children(self):
        return list(self.__dict__.get("_children", {}).values())

    def modules(self):
        return [self] + [one for child in self.children() for one in child.modules()]

    # -- making it in C

    def init(self, seed=None):
        """Make the net, or set its first numbers anew: those of this seed."""
        top = self
        while top._parent is not None and top._parent() is not None:
            top = top._parent()
        seed = _seed if seed is None else _convert("uint64_t", seed, "seed", [])
        net = top._net or _Net()
        if top._net is None:
            net.ptr = c.lathe_model_new()
            try:
                net.layer = top._made(net)
                c.lathe_nn_init(net.layer, seed)
            except Error:
                for module in top.modules():
                    module.__dict__["_net"] = module.__dict__["_ptr"] = None
                raise
            net.training = top._training
        else:
            c.lathe_nn_init(net.layer, seed)
        c.lathe_tape_seed(net.tape, seed, 0)
        net.changed()
        return self

    def _made(self, net):
        """The C layer of this module in the C model of `net`."""
        ptr = self._construct(net)
        if ptr is None:
            _fail(_model_status(net.ptr), c.lathe_model_message(net.ptr).decode("utf-8", "replace"))
        self.__dict__.update(_net=net, _ptr=ptr)
        return ptr

    def _construct(self, net):
        kind = type(self).__dict__.get("_type")
        if kind is None:
            kind = _CLayerType(type(self).__name__.encode(), ctypes.sizeof(_CLayer),
                               ctypes.cast(_forward_in_python, ctypes.c_void_p).value)
            kind.dynamic = True
            type(self)._type = kind
        ptr = c.lathe_layer_new(net.ptr, ctypes.addressof(kind))
        for name, child in self.__dict__.get("_children", {}).items():
            c.lathe_layer_add(ptr, child._made(net), name.encode())
        if ptr is not None:
            _modules[ptr] = self
        return ptr

    def _ready(self):
        if self._net is None:
            self.init()
        return self._net

    # -- using it

    def __call__(self, x):
        net = self._net or self._ready()
        if not isinstance(x, Tensor):
            x = Tensor(x)
        home, within = x._home, True
        if x._source is not None:
            home = getattr(_thread, "current", None)
            if home is None:
                home, within = net.home(), False
        with home.lock:
            if x._source is None:
                x._alive()
            elif not within and not home.held:
                home.begin(_TRAIN if home is net else _EVAL)
            if home is not net and (home is not net.quiet or x._needs):
                home.keep[id(net)] = net
            y = x._on(home)
            if type(self).forward is not Module.forward:
                return self._run(home, home.tensor(y))
            if within or home is net or self._ptr != net.layer:
                return home.tensor(_nn_forward(self._ptr, y))
            return home.tensor(net.evaluate(y))

    def _run(self, home, x):
        """The forward of a class of Python's: its arrays go to the tape of `home`."""
        before = getattr(_thread, "current", None)
        try:
            _thread.current = home
            y = self.forward(x)
        finally:
            _thread.current = before
        if not isinstance(y, Tensor):
            raise TypeError(f"{type(self).__name__}.forward returned {type(y).__name__}, not a tensor")
        return y if y._source is None and y._home is home else home.tensor(y._on(home))

    @contextlib.contextmanager
    def step(self):
        """Within `with model.step():` several calls of the model are one step: all their results stay."""
        net = self._ready()
        home = net.home()
        home.begin(_TRAIN if home is net else _EVAL)
        home.held = True
        try:
            yield
        finally:
            home.held = False

    def train(self, mode=True):
        """Dropout drops, batch norms use the batch, and backward works. For the whole net."""
        if self._net is not None:
            self._net.training = bool(mode)
            self._net.changed()
        self.__dict__["_training"] = bool(mode)
        return self

    def eval(self):
        """Evaluate: the net's operations are folded and run as a plan, as `lathe eval` does it."""
        return self.train(False)

    @property
    def training(self):
        return self._net.training if self._net is not None else self._training

    def parameters(self):
        net = self._ready()
        return Parameters(net, self._ptr)

    def _state(self):
        net, count = self._ready(), ctypes.c_int()
        list_ = c.lathe_nn_state(self._ptr, ctypes.addressof(count))
        return [Parameter(one, net) for one in _pointers(list_, count.value)]

    def named_parameters(self):
        return [(one.name, one) for one in self.parameters()]

    def state_dict(self):
        """Copies of all named numbers, running statistics too: {"conv1.weight": array}."""
        return {one.name: one.numpy() for one in self._state()}

    def load_state_dict(self, state):
        """Set all named numbers from arrays of the same names and shapes."""
        mine = {one.name: one for one in self._state()}
        wrong = sorted(set(mine) ^ set(state)) or [name for name, one in mine.items()
                                                   if np.shape(state[name]) != one.shape]
        if wrong:
            raise ShapeError(f"the tensors differ: {', '.join(wrong[:8])}{' ...' if len(wrong) > 8 else ''}")
        for name, one in mine.items():
            one.data[...] = state[name]

    def save(self, path):
        """Write all named numbers as safetensors, which PyTorch and `lathe --init-weights` read."""
        state = self._state()
        saved, keep = (_struct("lathe_saved") * len(state))(), []
        for place, one in zip(saved, state):
            keep.append((one.name.encode(), one.numpy()))
            place.name, place.shape, place.values = keep[-1][0], _shape(one.shape), keep[-1][1].ctypes.data
        c.lathe_safetensors_write(_bytes(path), ctypes.addressof(saved), len(state), None, 0)

    def load(self, path):
        """Read a file of weights: safetensors, or one of PyTorch (.pth, .pt)."""
        net, count, file = self._ready(), ctypes.c_int(), c.lathe_weights_read(_bytes(path))
        try:
            c.lathe_weights_load(file, c.lathe_nn_state(self._ptr, ctypes.addressof(count)), count.value, None)
        finally:
            c.lathe_safetensors_free(file)
        net.changed()
        return self

    def requires_grad_(self, wanted=True):
        """Freeze this part (False) or train it again."""
        self._ready()
        c.lathe_nn_freeze(self._ptr, not wanted)
        return self

    def summary(self, shape):
        """A table of the layers for one picture of this shape: [C, H, W]."""
        net = self._ready()
        found = c.lathe_nn_summary(self._ptr, _shape(shape))
        try:
            size = c.lathe_summary_text(found, None, 0) + 1
            text = ctypes.create_string_buffer(size)
            c.lathe_summary_text(found, ctypes.addressof(text), size)
        finally:
            c.lathe_summary_free(found)
        del net
        return text.value.decode()

    def __repr__(self):
        inside = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in
                  self.__dict__.get("_children", {}).items()]
        return type(self).__name__ + ("(\n  " + "\n  ".join(inside) + "\n)" if inside else "()")


@ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
def _forward_in_python(layer, x):
    """The forward of a class of Python's where C calls it: within nn.Sequential, for summaries and exports."""
    module, tape = _modules.get(layer), _CTensor.from_address(x).tape if x else None
    if module is None or tape is None:
        return None
    home = _homes.get(tape) or _Home(tape)
    try:
        return module._run(home, home.tensor(x))._ptr
    except BaseException as problem:  # noqa: BLE001: raised again behind C, by _fail
        _thread.pending = problem
        _library.lathe_tape_fail(ctypes.c_void_p(tape), 2, b"%s", str(problem).encode("utf-8", "replace"))
        return None


# The names that PyTorch has for what lathe calls otherwise.
_ALSO_LAYERS = {"batchnorm1d": "batch_norm", "batchnorm2d": "batch_norm", "instancenorm2d": "instance_norm",
                "groupnorm": "group_norm", "layernorm": "layer_norm", "unflatten": "reshape"}


@functools.lru_cache(maxsize=None)
def _layer_functions():
    """{name: parameters} of the functions that make a layer."""
    found = {}
    for name, (result, _) in declarations.prototypes.items():
        if result == "lathe_layer *" and name.startswith("lathe_nn_"):
            parameters = list(declarations.parameters(name))
            if parameters[0] == ("model", "lathe_model *"):
                found[name[len("lathe_nn_"):]] = parameters[1:]
    return found


def _layer_class(name):
    """The class of a layer of the library."""
    function, parameters, who = c.raw("lathe_nn_" + name), _layer_functions()[name], "lathe_nn_" + name

    def __init__(self, *args, **options):
        if name == "sequential" and len(args) == 1 and isinstance(args[0], (list, tuple)):
            args = args[0]
        self.__dict__["_given"] = args, options
        layers = [(word, one) for word, one in
                  itertools.chain(zip(itertools.chain((word for word, kind in parameters if kind),
                                                      map(str, itertools.count())), args), options.items())
                  if isinstance(one, Module)]
        for at, (word, one) in enumerate(layers):
            self.add_module(word if word in ("body", "shortcut") else str(at), one)
        if not layers:  # wrong arguments are told here, where they stand
            net = _Net()
            net.ptr = c.lathe_model_new()
            self._made(net)
            self.__dict__.update(_net=None, _ptr=None)

    def _construct(self, net):
        args, options = self._given
        made = {id(child): ctypes.c_void_p(child._made(net)) for child in self.children()}
        args = [made.get(id(one), one) for one in args]
        options = {key: made.get(id(one), one) for key, one in options.items()}
        if name == "sequential":
            ptr = function(ctypes.c_void_p(net.ptr), ctypes.c_void_p())
            for one in args:
                c.lathe_nn_append(ptr, _convert("lathe_layer *", one, who, []))
            return ptr
        keep = []
        return function(net.ptr, *_bind(who, parameters, args, options, keep))

    def __repr__(self):
        if self.children():
            return Module.__repr__(self)
        args, options = self._given
        return f"{type(self).__name__}({', '.join([*map(repr, args), *(f'{k}={v!r}' for k, v in options.items())])})"

    made = type(_camel(name), (Module,), {"__init__": __init__, "_construct": _construct, "__repr__": __repr__})
    if name == "sequential":
        made.__len__ = lambda self: len(self.children())
        made.__getitem__ = lambda self, at: self.children()[at]
    options = [kind[:-2] for _, kind in parameters if kind and kind.endswith("_opts *")]
    if options:
        _struct(options[0])
    words = [word if kind else "layers..." for word, kind in parameters if not (kind or "").endswith("_opts *")]
    try:
        summary = _layer_type(name)[1].summary or b""
    except UnknownName:
        summary = b""
    made.__doc__ = f"{made.__name__}({', '.join(words)})\n\n{summary.decode()}" + (
        f"\n\nOptions: {', '.join(declarations.fields[options[0]])}" if options else "")
    return made


_, _layer_type = _registry("layer", "lathe_layer_type")
nn = _Names("nn", lambda: sorted(_layer_functions()), _layer_class, _ALSO_LAYERS,
            own={"Module": Module, "functional": functional},
            beyond=lambda name: getattr(losses, name, None))  # nn.CrossEntropyLoss

_model_names, _model_type = _registry("model", "lathe_model_type")


class _Model(Module):
    """A model of the zoo: lathe.models.NAME(classes=, channels=, size=, seed=, OPTION=)."""

    def __init__(self, classes=None, channels=None, size=None, seed=None, **options):
        text = self._name + "".join(f":{key}={_text(value)}" for key, value in options.items())
        spec = _struct("lathe_model_spec").from_buffer_copy(_model_type(text)[1].native)
        height, width = size if isinstance(size, (tuple, list)) else (size, size)
        for key, value in (("classes", classes), ("channels", channels), ("height", height), ("width", width)):
            if value is not None:
                setattr(spec, key, _convert("int", value, f"{text}: {key}", []))
        self.__dict__.update(_text=text, _spec=spec, shape=(spec.channels, spec.height, spec.width))
        self.init(seed)

    def _construct(self, net):
        return c.lathe_model_build(net.ptr, self._text.encode(), ctypes.addressof(self._spec))

    def __repr__(self):
        return f"{self._text}: {self.summary(self.shape)}"


def _model_class(name):
    made = type(name, (_Model,), {"_name": name})
    return _document(made, _model_type(name)[1], ["classes", "channels", "size", "seed"])


models = _Names("models", _model_names, _model_class, {})


# ---- losses -------------------------------------------------------------------------------------------------

_loss_names, _loss_type = _registry("loss", "lathe_loss_type")
_LABELS = _functype(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Loss:
    """A loss with its options: loss(scores, target).

    Whole numbers [B, ...] are labels; whole numbers of the scores' shape are zeros and ones of each class; other
    numbers of the scores' shape are targets themselves, such as the parts of mixed labels.
    """

    def __init__(self, weight=None, **options):
        self._address, self._type = _loss_type(self._name)
        self._keep, self._opts, self._classes = [], None, None
        if options or weight is not None:
            self._opts = _options(self._type, options, self._keep)
        if weight is not None:
            if not self._type.class_weights:
                raise ArgumentError(f"{self._name}: this loss has no weights of classes")
            place = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(self._type.class_weights)(self._opts)
            self._keep.append(_array(weight, _real).reshape(-1))
            self._classes = self._keep[-1].size
            ctypes.c_void_p.from_address(place).value = self._keep[-1].ctypes.data
        kinds = ("classify", "many", "mixed", "boxes")
        self._calls = [_LABELS(found) if found else None for found in (getattr(self._type, kind) for kind in kinds)]
        self._options = options

    def __call__(self, scores, target):
        if not isinstance(scores, Tensor):
            scores = Tensor(scores)
        home = scores._home if scores._source is None else _default_home()
        shape = scores.shape
        if self._classes is not None and shape[1:2] != (self._classes,):
            raise ShapeError(f"{self._name}: {self._classes} weights of classes for scores {list(shape)}")
        if not isinstance(target, Tensor):
            target = np.asarray(target)
            if target.dtype.kind in "iub":
                target = _labels(target)
                if target.shape == shape[:1] + shape[2:]:
                    return self._by(0, "labels", home, scores, target)
                if target.shape == shape:
                    return self._by(1, "several classes a sample", home, scores, target)
                raise ShapeError(f"{self._name}: scores {list(shape)} need labels {list(shape[:1] + shape[2:])}, "
                                 f"not {list(target.shape)}")
            target = Tensor(target)
        for kind in (2, 3):
            if self._calls[kind]:
                return self._by(kind, "", home, scores, target)
        if self._name not in _tensor_functions():
            raise ArgumentError(f"{self._name}: this loss takes whole numbers alone: labels, or zeros and ones")
        return getattr(functional, self._name)(scores, target, **self._options)

    def _by(self, kind, what, home, scores, target):
        if not self._calls[kind]:
            raise ArgumentError(f"{self._name}: this loss does not take {what}")
        with home.lock:
            target = target._on(home) if isinstance(target, Tensor) else target.ctypes.data
            return home.tensor(self._calls[kind](scores._on(home), target, self._opts))


def _loss_class(name):
    made = type(_camel(name) + "Loss", (Loss,), {"_name": name})
    return _document(made, _loss_type(name)[1], ["weight"])


_ALSO_LOSSES = {"bcewithlogits": "binary_cross_entropy", "kldiv": "kl_div"}
losses = _Names("losses", _loss_names, _loss_class, _ALSO_LOSSES, "loss")


def _loss_function(name):
    """The loss as a function: lathe.cross_entropy(scores, target, label_smoothing=0.1)."""
    kind = getattr(losses, name)
    plain = kind()

    def run(scores, target, weight=None, **options):
        return (kind(weight, **options) if options or weight is not None else plain)(scores, target)
    run.__name__ = run.__qualname__ = kind._name
    run.__doc__ = kind.__doc__
    return run


# ---- optimizers ---------------------------------------------------------------------------------------------

_optim_names, _optim_type = _registry("optim", "lathe_optim_type")


class Optimizer(_Unique):
    """An optimizer of lathe.optim: it changes parameters by their gradients."""

    def __init__(self, params, **options):
        if isinstance(params, Module):
            params = params.parameters()
        if not isinstance(params, Parameters):
            params = self._whole(list(params))
        self._params, self._ptr, keep = params, None, []
        address, self._type = _optim_type(self._name)
        self._ptr = c.lathe_optim_new(address, params._ptr, _options(self._type, options, keep))

    @staticmethod
    def _whole(params):
        """The Parameters of a list: those of one net. What is not listed must be frozen."""
        if not params or not all(isinstance(one, Parameter) for one in params):
            raise TypeError("an optimizer needs model.parameters(), or that of a part")
        if any(one._net is not params[0]._net for one in params):
            raise ArgumentError("the parameters are of several nets: each needs an optimizer of its own")
        all_ = Parameters(params[0]._net, params[0]._net.layer)
        left = {one._ptr for one in all_ if one.requires_grad} - {one._ptr for one in params}
        if left:
            name = next(one.name for one in all_ if one._ptr in left)
            raise ArgumentError(f"{name} and {len(left) - 1} more are not in the list and not frozen: give "
                                "part.parameters(), or freeze them with requires_grad_(False)")
        return all_

    def zero_grad(self, set_to_none=True):
        """Forget all gradients: the next is written, not added."""
        _zero_grad(self._ptr)

    def step(self):
        """Change every parameter by its gradient."""
        net = self._params._net
        with net.lock:
            net.fresh = False
            if _optim_step(self._ptr):
                _fail()

    def add_param_group(self, group):
        """Move parameters to a group with options of its own: {"params": model.head.parameters(), "lr": 1e-4}."""
        group = dict(group)
        params, keep = list(group.pop("params")), []
        tensors = (ctypes.c_void_p * len(params))(*(one._ptr for one in params))
        options = _options(self._type, {**self._shown(0, keep), **group}, keep)
        if c.lathe_optim_add_group(self._ptr, ctypes.addressof(tensors), len(params), options) < 0:
            _fail()

    def _shown(self, group, keep):
        """A group's options as they were made, as text."""
        opts, room = c.lathe_optim_made(self._ptr, group), ctypes.create_string_buffer(512)
        return {field.name.decode(): c.lathe_field_text(ctypes.addressof(field), opts, ctypes.addressof(room)) and
                room.value.decode() for field in _fields(self._type.fields)}

    @property
    def param_groups(self):
        """A dictionary a group; writing its "lr" or "momentum" sets them."""
        return [_Group(self, number) for number in range(c.lathe_optim_groups(self._ptr))]

    @property
    def lr(self):
        """The present learning rate of the first group."""
        return c.lathe_optim_lr(self._ptr, 0)

    def clip_grad_norm_(self, max_norm):
        """Scale all gradients together to a norm of at most max_norm. Returns the norm before."""
        norm = c.lathe_optim_clip_norm(self._ptr, float(max_norm))
        return _fail() if norm != norm else norm

    def clip_grad_value_(self, clip_value):
        """Clip each number of the gradients to [-clip_value, clip_value]."""
        c.lathe_optim_clip_value(self._ptr, float(clip_value))

    def decay_weights_only(self):
        """No weight decay for biases and norms."""
        c.lathe_optim_decay_weights_only(self._ptr)

    def __repr__(self):
        options = ", ".join(f"{key}={value}" for key, value in self._shown(0, []).items())
        return f"{type(self).__name__}({options})"

    def __del__(self):
        if _library and getattr(self, "_ptr", None):
            _library.lathe_optim_free(ctypes.c_void_p(self._ptr))


class _Group(dict):
    """A parameter group: its options, of which rates and momentum can be set."""

    def __init__(self, optimizer, number):
        super().__init__(optimizer._shown(number, []))
        self._optimizer, self._number = optimizer, number
        for key, value in self.items():
            for read in (int, float):
                try:
                    dict.__setitem__(self, key, read(value))
                    break
                except ValueError:
                    pass
        dict.__setitem__(self, "lr", c.lathe_optim_lr(optimizer._ptr, number))
        if "momentum" in self:
            dict.__setitem__(self, "momentum", c.lathe_optim_momentum(optimizer._ptr, number))

    def __setitem__(self, key, value):
        if key not in ("lr", "momentum"):
            raise KeyError(f"{key}: only lr and momentum change after an optimizer is made")
        getattr(c, f"lathe_optim_set_{key}")(self._optimizer._ptr, self._number, float(value))
        dict.__setitem__(self, key, float(value))


_zero_grad, _optim_step = c.raw("lathe_optim_zero_grad"), c.raw("lathe_optim_step")


class AveragedModel(_Unique):
    """Averages of the weights: update() after each step; `with average:` the net has the average."""

    def __init__(self, model, **options):
        params = model.parameters()
        opts = _fill(_struct("lathe_averaged_opts")(), options, "lathe_averaged", [])
        self._params, self._ptr = params, c.lathe_averaged_new(params._ptr, ctypes.addressof(opts))

    def update(self):
        c.lathe_averaged_update(self._ptr)

    def __enter__(self):
        c.lathe_averaged_swap(self._ptr)
        self._params._net.changed()

    def __exit__(self, *_):
        c.lathe_averaged_swap(self._ptr)
        self._params._net.changed()

    def __del__(self):
        if _library and getattr(self, "_ptr", None):
            _library.lathe_averaged_free(ctypes.c_void_p(self._ptr))


def _optim_class(name):
    return _document(type(_camel(name), (Optimizer,), {"_name": name}), _optim_type(name)[1], ["params"])


optim = _Names("optim", _optim_names, _optim_class, {},
               own={"Optimizer": Optimizer, "AveragedModel": AveragedModel})

# ---- schedules ----------------------------------------------------------------------------------------------

_sched_names, _sched_type = _registry("sched", "lathe_sched_type")
_sched_step = c.raw("lathe_sched_step")


class Scheduler(_Unique):
    """A schedule that sets the rates of an optimizer; without an optimizer, an iterator over its rates.

    Its rates are a pure function of the step, so that rates(t) can be asked of any step.
    """

    _ptr = None

    def __new__(cls, optimizer=None, **options):
        if optimizer is None:
            return Schedule(cls, options)
        return super().__new__(cls)

    def __init__(self, optimizer, **options):
        self.optimizer, keep, (address, type_) = self._checked(optimizer), [], _sched_type(self._name)
        self._ptr = c.lathe_sched_new(address, optimizer._ptr, _options(type_, options, keep))

    @staticmethod
    def _checked(optimizer):
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"a schedule is for an optimizer, not for {type(optimizer).__name__}")
        return optimizer

    def step(self, metric=None):
        """Set the rates of the next batch; call it once a batch. With a metric, observe it: once an epoch."""
        if metric is None:
            _sched_step(self._ptr)
        else:
            c.lathe_sched_observe(self._ptr, float(metric))

    def by_epoch(self, steps_per_epoch):
        """Count the schedule in epochs of so many steps; step() is still called once a batch."""
        c.lathe_sched_by_epoch(self._ptr, _convert("uint64_t", steps_per_epoch, "steps_per_epoch", []))
        return self

    def seek(self, step):
        """Go to a step, to resume."""
        c.lathe_sched_seek(self._ptr, _convert("uint64_t", step, "step", []))

    @property
    def last_epoch(self):
        """The number of steps so far."""
        return c.lathe_sched_steps(self._ptr)

    def get_last_lr(self):
        """The present learning rate of each group."""
        return [c.lathe_optim_lr(self.optimizer._ptr, group)
                for group in range(c.lathe_optim_groups(self.optimizer._ptr))]

    def rates(self, step, group=0):
        """(learning rate, momentum) of any step; momentum is None if the schedule does not set it."""
        found = c.lathe_sched_rates_at(self._ptr, _convert("int", group, "group", []), _convert("uint64_t", step, "step", []))
        return found.lr, found.momentum if found.sets_momentum else None

    def warnings(self, steps=0):
        """What is legal but odd about the schedule, for a run of so many steps."""
        room, found = ctypes.create_string_buffer(256), []
        while c.lathe_sched_warning(self._ptr, steps, len(found), ctypes.addressof(room)):
            found.append(room.value.decode())
        return found

    def __del__(self):
        if _library and self._ptr:
            _library.lathe_sched_free(ctypes.c_void_p(self._ptr))


class _FromText(Scheduler):
    """A schedule or a sequence of them: "warmup:200,cyclic:2000,cooldown"."""

    def __new__(cls, text, optimizer=None, **options):
        if optimizer is None:
            return Schedule(cls, options, text)
        return object.__new__(cls)

    def __init__(self, text, optimizer, steps_per_epoch=0, run_steps=0, **options):
        self.optimizer, keep = self._checked(optimizer), []
        given = (_struct("lathe_sched_option") * len(options))()
        for place, (key, value) in zip(given, options.items()):
            keep += [key.encode(), _text(value).encode()]
            place.key, place.text = keep[-2:]
        opts = _struct("lathe_sched_text_opts")(ctypes.addressof(given), len(options), steps_per_epoch, run_steps)
        self._ptr = c.lathe_sched_from_text(optimizer._ptr, text.encode(), ctypes.addressof(opts))


class Schedule:
    """The learning rates of a schedule: for lr in lathe.sched.cyclic(base_lr=1e-4, max_lr=3e-3, step_size_up=4).

    `lr` and `momentum` are those of the optimizer that it would have. With `steps` the iteration ends.
    """

    def __init__(self, kind, options, *text):
        options = dict(options)
        self.steps = options.pop("steps", None)
        lr, momentum = options.pop("lr", None), options.pop("momentum", None)
        if kind is not _FromText and any(field.name == b"lr" for field in _fields(_sched_type(kind._name)[1].fields)):
            options["lr"] = lr
        layer = nn.linear(1, 1).init(0)
        optimizer = optim.sgd(layer.parameters(), lr=lr, momentum=momentum)
        if kind is _FromText and self.steps:
            options.setdefault("run_steps", self.steps)
        self._scheduler = kind(*text, optimizer, **options)

    def __getitem__(self, step):
        if isinstance(step, slice):
            return [self[at] for at in range(*step.indices(self.steps if self.steps is not None else sys.maxsize))]
        if step < 0 or self.steps is not None and step >= self.steps:
            raise IndexError(f"step {step} of a schedule" + (f" of {self.steps} steps" if self.steps else ""))
        return self._scheduler.rates(step)[0]

    def __iter__(self):
        return (self[at] for at in (itertools.count() if self.steps is None else range(self.steps)))

    def rates(self, step):
        """(learning rate, momentum) of a step."""
        return self._scheduler.rates(step)

    def warnings(self):
        return self._scheduler.warnings(self.steps or 0)


def _sched_class(name):
    made = type(_camel(name), (Scheduler,), {"_name": name})
    return _document(made, _sched_type(name)[1], ["optimizer"])


sched = _Names("sched", lambda: [name for name in _sched_names() if name != "sequence"], _sched_class,
               {"cosineannealinglr": "cosine", "cosineannealingwarmrestarts": "warm_restarts",
                "reducelronplateau": "plateau"}, "lr",
               own={"Scheduler": Scheduler, "from_text": _FromText})
optim.lr_scheduler = sched
for _name, _module in (("nn.functional", functional), ("optim.lr_scheduler", sched)):
    sys.modules[f"{__name__}.{_name}"] = _module  # import lathe.nn.functional as F

# ---- data ---------------------------------------------------------------------------------------------------

_CDataset, _CLoaderOpts = _struct("lathe_dataset"), _struct("lathe_loader_opts")
_SPLITS = {"train": "LATHE_SPLIT_TRAIN", "test": "LATHE_SPLIT_TEST", "val": "LATHE_SPLIT_VAL"}


class Dataset(_Unique):
    """Pictures with their targets, of arrays.

    images    [N, H, W] or [N, C, H, W]. 8-bit numbers are normalised by the loader and can be transformed.
              Other numbers, of any shape [N, ...], are given as they are.
    labels    [N] whole numbers, or, for images that are not 8-bit, any array [N, ...]
    classes, class_names, mean, std, name    as in lathe_memory_opts
    """

    def __init__(self, images, labels, **options):
        images, labels = np.asarray(images), np.asarray(labels)
        if not len(images) or len(images) != len(labels):
            raise ShapeError(f"a data set of {len(images)} images and {len(labels)} labels")
        self._ptr, self._under, self._arrays, self._keep = None, None, None, []
        if images.dtype != np.uint8:
            if options:
                raise ArgumentError(f"{next(iter(options))} is for 8-bit images; others are given as they are")
            whole = labels.dtype.kind in "iub"
            self._arrays = _array(images, _real), _labels(labels) if whole else _array(labels, _real)
            return
        if images.ndim == 3:
            images = images[:, None]
        if images.ndim != 4 or labels.shape != images.shape[:1] or labels.dtype.kind not in "iub":
            raise ShapeError(f"images {list(images.shape)} and labels {list(labels.shape)}: [N, C, H, W] and whole "
                             "numbers [N] are expected")
        keep, names, channels = self._keep, options.get("class_names"), images.shape[1]
        if names is not None:
            options.setdefault("classes", len(names))
            if options["classes"] != len(names):
                raise ArgumentError(f"{len(names)} names for {options['classes']} classes")
        for key in ("mean", "std"):
            if options.get(key) is not None:
                options[key] = np.broadcast_to(np.asarray(options[key], np.float64), (channels,))
        opts = _fill(_struct("lathe_memory_opts")(), {**options, "count": len(images), "channels": channels,
                     "height": images.shape[2], "width": images.shape[3]}, "Dataset", keep)
        pixels, labels = _array(images, np.uint8), _labels(labels)
        self._ptr = c.lathe_data_memory(pixels.ctypes.data, labels.ctypes.data, ctypes.addressof(opts))

    @classmethod
    def _of(cls, address, under=None):
        made = cls.__new__(cls)
        made._ptr, made._under, made._arrays = address, under, None
        return made

    def _struct(self, what="this"):
        if self._ptr is None:
            raise ArgumentError(f"{what} is for data sets of 8-bit images")
        return _CDataset.from_address(self._ptr)

    def __len__(self):
        return len(self._arrays[0]) if self._arrays else self._struct().count

    @property
    def classes(self):
        """The names of the classes."""
        data = self._struct("classes")
        return [name.decode() for name in (ctypes.c_char_p * data.classes).from_address(data.class_names)]

    @property
    def labels(self):
        """The label of each sample."""
        if self._arrays:
            return self._arrays[1].copy()
        data = self._struct()
        return np.frombuffer((ctypes.c_int * data.count).from_address(data.labels), np.int32).copy()

    @property
    def shape(self):
        """[C, H, W] of each sample."""
        if self._arrays:
            return self._arrays[0].shape[1:]
        data = self._struct()
        return data.channels, data.height, data.width

    @property
    def mean(self):
        data = self._struct("mean")
        return list(data.mean[:data.channels])

    @property
    def std(self):
        data = self._struct("std")
        return list(data.std[:data.channels])

    def __getitem__(self, index):
        """Sample `index`: (pixels [C, H, W], label)."""
        index = operator.index(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        index %= len(self)
        if self._arrays:
            return self._arrays[0][index].copy(), self._arrays[1][index]
        scratch = (ctypes.c_double * (c.lathe_data_scratch(self._ptr) // 8 + 1))()
        sample = _struct("lathe_sample")()
        c.lathe_data_read(self._ptr, index, ctypes.addressof(scratch), ctypes.addressof(sample))
        shape = sample.channels, sample.height, sample.width
        pixels = (ctypes.c_uint8 * int(np.prod(shape))).from_address(sample.pixels)
        return np.frombuffer(pixels, np.uint8).reshape(shape).copy(), sample.label

    def subset(self, indices):
        """The samples of these indices as a data set: whole numbers, a slice, or true and false of each sample."""
        try:
            numbers = np.arange(len(self), dtype=np.uintp)[indices].reshape(-1)
        except IndexError as why:
            raise ArgumentError(f"subset of {len(self)} samples: {why}") from None
        if self._arrays:
            return Dataset(self._arrays[0][numbers], self._arrays[1][numbers])
        return Dataset._of(c.lathe_data_subset(self._ptr, numbers.ctypes.data, numbers.size), self)

    def split(self, fraction=0.1, **options):
        """(rest, held out): a part of each class is held out; options as in lathe_split_opts."""
        if options.get("groups") is not None and np.shape(options["groups"]) != (len(self),):
            raise ShapeError(f"split: groups {list(np.shape(options['groups']))} of {len(self)} samples")
        keep = []
        opts = _fill(_struct("lathe_split_opts")(), {"fraction": fraction, **options}, "split", keep)
        parts = (ctypes.c_void_p * 2)()
        self._struct("split")
        c.lathe_data_split(self._ptr, ctypes.addressof(opts), ctypes.addressof(parts), ctypes.addressof(parts) + 8)
        return Dataset._of(parts[0], self), Dataset._of(parts[1], self)

    def __del__(self):
        if _library and getattr(self, "_ptr", None):
            _library.lathe_data_free(ctypes.c_void_p(self._ptr))


def open_data(name, split="train", **options):
    """A data set by its name on the command line: "fashion-mnist", "shapes:colour", "folder:photos"."""
    if split not in _SPLITS:
        raise ArgumentError(f"split = {split!r} is not legal: {' | '.join(_SPLITS)}")
    keep = []
    opts = _fill(_struct("lathe_data_opts")(), options, name, keep)
    return Dataset._of(c.lathe_data_open(_bytes(name), declarations.constant(_SPLITS[split]),
                                         ctypes.addressof(opts)))


def _data_function(name):
    def run(argument=None, split="train", **options):
        return open_data(name if argument is None else f"{name}:{os.fspath(argument)}", split, **options)
    run.__name__ = run.__qualname__ = re.sub(r"\W", "_", name)
    run.__doc__ = (_source_type(name)[1].help or b"").decode()
    return run


_source_names, _source_type = _registry("data_source", "lathe_data_source")
datasets = _Names("datasets", _source_names, _data_function, {})


class _Batch:
    """The images of a loader's batch: valid until the loader gives another."""

    __slots__ = ("loader", "serial", "struct", "shape")

    def __init__(self, loader, struct):
        self.loader, self.serial, self.struct = loader, loader._serial, struct
        self.shape = struct.size, struct.channels, struct.height, struct.width

    def check(self):
        if self.serial != self.loader._serial:
            raise StateError("the batch is over: its loader has given another one")

    def on(self, home):
        self.check()
        home.inputs.append(self)
        return _input(home.tape, ctypes.addressof(self.struct))


class DataLoader(_Unique):
    """Batches (x, y) of a data set; each `for` is an epoch. Options as in lathe_loader_opts.

    y is an array: labels [B], or [B, ...] for several answers a sample. With mixup or cutmix it is [B, classes], the
    share of each class. transforms is a text such as "crop:4,hflip".
    """

    def __init__(self, data, batch_size=64, shuffle=False, seed=0, transforms=None, **options):
        self.dataset, self._ptr, self._transforms, self._keep = data, None, None, []
        self._serial, self._struct, self._epoch, self._within = 0, _CBatch(), 0, False
        self._lock = threading.Lock()
        self.batch_size, self._shuffle, self._seed = batch_size, shuffle, seed
        if data._arrays:
            for name in [*options, *(["transforms"] if transforms else [])]:
                raise ArgumentError(f"{name} is for data sets of 8-bit images")
            if batch_size < 1:
                raise ArgumentError(f"batch_size = {batch_size} is not legal: >= 1")
            return
        if transforms:
            self._transforms = c.lathe_transforms_parse(transforms.encode())
        for name, count in (("mean", data.shape[0]), ("std", data.shape[0]), ("weights", len(data))):
            if options.get(name) is not None:
                options[name] = np.broadcast_to(np.asarray(options[name], np.float64), (count,))
        opts = _fill(_CLoaderOpts(), {"batch_size": batch_size, "shuffle": shuffle, "seed": seed, **options},
                     "DataLoader", self._keep)
        opts.transforms = self._transforms
        self._ptr = c.lathe_loader_new(data._ptr, ctypes.addressof(opts))

    def __len__(self):
        if self._ptr is None:
            return -(-len(self.dataset) // self.batch_size)
        return c.lathe_loader_batches(self._ptr)

    def seek(self, epoch):
        """The next `for` is epoch number `epoch`, from 0."""
        self._epoch, self._within = _convert("uint64_t", epoch, "epoch", []), False
        if self._ptr is not None:
            c.lathe_loader_seek(self._ptr, epoch, 0)

    def __iter__(self):
        if self._within:  # the last `for` was left before its end
            self.seek(self._epoch + 1)
        return self._batches() if self._ptr is not None else self._slices()

    def _batches(self):
        batch, at = self._struct, ctypes.addressof(self._struct)
        self._within = True
        while True:
            with self._lock:
                self._serial += 1
                serial = self._serial
                if not _loader_next(self._ptr, at):
                    break
                found = Tensor(_Batch(self, batch)), self._targets(batch)
            yield found
            if serial != self._serial:
                raise StateError("another `for` over the same loader has begun")
        if c.lathe_loader_status(self._ptr):
            _fail()
        self._epoch, self._within = self._epoch + 1, False

    def _targets(self, batch):
        answers, size = batch.answers or 1, batch.size
        labels = np.frombuffer((ctypes.c_int * (size * answers)).from_address(batch.labels), np.int32).copy()
        if batch.other_labels:
            share = np.frombuffer((declarations.types["lathe_real"] * size).from_address(batch.share), _real)
            other = np.frombuffer((ctypes.c_int * size).from_address(batch.other_labels), np.int32)
            mixed = np.zeros((size, self.dataset._struct().classes), _real)
            np.add.at(mixed, (np.arange(size), labels), share)
            np.add.at(mixed, (np.arange(size), other), 1 - share)
            return mixed
        if answers == 1:
            return labels
        pixels = batch.height * batch.width
        return labels.reshape((size, batch.height, batch.width) if self.dataset._struct().masks and
                              answers == pixels else (size, answers))

    def _slices(self):
        images, labels = self.dataset._arrays
        order = np.arange(len(images))
        if self._shuffle:
            np.random.default_rng([self._seed, self._epoch]).shuffle(order)
        self._within = True
        for first in range(0, len(order), self.batch_size):
            chosen = order[first:first + self.batch_size]
            yield Tensor(images[chosen]), labels[chosen]
        self._epoch, self._within = self._epoch + 1, False

    def __del__(self):
        if _library and getattr(self, "_ptr", None):
            _library.lathe_loader_free(ctypes.c_void_p(self._ptr))
        if _library and getattr(self, "_transforms", None):
            _library.lathe_transforms_free(ctypes.c_void_p(self._transforms))


_loader_next = c.raw("lathe_loader_next")

# ---- trained models -----------------------------------------------------------------------------------------


class Trained(_Unique):
    """A trained model: its net, its classes, and the preparation of its pictures. See lathe.load."""

    def __init__(self, address):
        self._ptr, self._lock = address, threading.Lock()
        struct = _struct("lathe_trained").from_address(address)
        self._data = struct.data
        self.name = (ctypes.cast(struct.model_name, ctypes.c_char_p).value or b"").decode()
        self.step = struct.step

    @property
    def classes(self):
        """The names of the classes."""
        return [name.decode() for name in (ctypes.c_char_p * self._data.classes).from_address(self._data.class_names)]

    @property
    def shape(self):
        """[C, H, W] of the pictures that the net sees before its transforms."""
        return self._data.channels, self._data.height, self._data.width

    @property
    def model(self):
        """The net, whose input is normalised already (see loader)."""
        struct, net, module = _struct("lathe_trained").from_address(self._ptr), _Net(self), Module()
        net.ptr, net.layer, net.training = struct.model, struct.net, False
        module.__dict__.update(_net=net, _ptr=struct.net, _training=False)
        return module

    def predict(self, pictures):
        """The probabilities of the classes: [classes] of one picture, [N, classes] of several.

        pictures   a file's name, or an 8-bit array [H, W], [H, W, C] (rows from the top) or [C, H, W] as data sets
                   have it; a list or an array of these for several
        """
        one = isinstance(pictures, (str, bytes, os.PathLike)) or \
            isinstance(pictures, np.ndarray) and pictures.ndim <= 3 and not self._several(pictures)
        found = np.stack([self._prepared(picture) for picture in ([pictures] if one else pictures)])
        result = np.empty((len(found), self._data.classes))
        for first in range(0, len(found), 64):
            part = found[first:first + 64]
            with self._lock:
                c.lathe_trained_answer(self._ptr, part.ctypes.data, len(part), result[first:].ctypes.data)
        return result[0] if one else result

    def _several(self, pictures):
        """Grey pictures of the model's size, one behind the other: [N, H, W]."""
        return pictures.ndim == 3 and self.shape[0] == 1 and pictures.shape[1:] == self.shape[1:] and \
            pictures.shape[2] > 4

    def _prepared(self, picture):
        prepared = np.empty(self.shape, np.uint8)
        if isinstance(picture, (str, bytes, os.PathLike)):
            try:
                with open(picture, "rb") as file:
                    content = file.read()
            except OSError as why:
                raise FileError(f"{os.fsdecode(picture)}: {why.strerror}") from None
            c.lathe_trained_picture(self._ptr, content, len(content), 0, prepared.ctypes.data)
            return prepared
        picture = np.asarray(picture)
        if picture.dtype != np.uint8 or picture.ndim not in (2, 3):
            raise ShapeError(f"a picture is an 8-bit array [H, W], [H, W, C] or [C, H, W], not {picture.dtype} "
                             f"{list(picture.shape)}")
        if picture.shape == self.shape and picture.shape[2] > 4:
            return _array(picture, np.uint8)
        if picture.ndim == 2:
            picture = picture[:, :, None]
        height, width, channels = picture.shape
        pixels = _array(picture, np.uint8)
        c.lathe_trained_pixels(self._ptr, pixels.ctypes.data, height, width, channels, prepared.ctypes.data)
        return prepared

    def loader(self, data, batch_size=64):
        """A loader of `data` for the net: in order, prepared as in training, without randomness."""
        made = DataLoader.__new__(DataLoader)
        made.__dict__.update(dataset=data, _transforms=None, _keep=[self], _serial=0, _struct=_CBatch(), _epoch=0,
                             _within=False, _lock=threading.Lock(), batch_size=batch_size, _ptr=None)
        data._struct("loader")
        made._ptr = c.lathe_trained_loader(self._ptr, data._ptr, batch_size, 0)
        return made

    def __repr__(self):
        return f"lathe.Trained({self.name}, {list(self.shape)} to {self._data.classes} classes, step {self.step})"

    def __del__(self):
        if _library and getattr(self, "_ptr", None):
            _library.lathe_trained_free(ctypes.c_void_p(self._ptr))


def load(run, weights=None):
    """The trained model of a run folder ("runs/first") or of one checkpoint; weights: "best", "last" or a file."""
    return Trained(c.lathe_trained_open(_bytes(run), None if weights is None else _bytes(weights)))


def export(model, path, to=None, shape=None, **options):
    """Write a trained model, or a net for pictures [C, H, W] of this shape, as a file of another kind.

    to       "onnx", "c", ...; None: by the ending of the path. Options as in lathe_export_opts.
    """
    keep, names = [], _export_names()
    opts = _fill(_struct("lathe_export_opts")(), options, "export", keep)
    if to is None:
        ending = os.path.splitext(os.fspath(path))[1]
        to = next((name for name in names if _export_type(name)[1].suffix.decode() == ending), ending.lstrip("."))
    arguments = to.encode(), _bytes(path), ctypes.addressof(opts)
    if isinstance(model, Trained):
        return c.lathe_export_trained(model._ptr, *arguments) and None
    model._ready()
    shape = shape or getattr(model, "shape", None)
    if shape is None:
        raise TypeError("export needs the shape of a picture: shape=(C, H, W)")
    return c.lathe_export_net(model._ptr, _shape(shape), *arguments) and None


_export_names, _export_type = _registry("export", "lathe_export_type")


class Chart:
    """Lines over a common axis, as an SVG picture: of curves {name: y} or {name: (x, y)}.

    Options as in lathe_chart: title, x_label, y_label, log_x, log_y, zero, width, height. A notebook shows it.
    """

    def __init__(self, curves, **options):
        series, keep = (_struct("lathe_series") * len(curves))(), []
        for number, (line, (name, values)) in enumerate(zip(series, curves.items())):
            x, y = values if isinstance(values, tuple) else (np.arange(len(values)), values)
            x, y = _array(x, np.float64), _array(y, np.float64)
            if x.ndim != 1 or x.shape != y.shape:
                raise ShapeError(f"curve {name}: x {list(x.shape)} and y {list(y.shape)}")
            keep += [x, y, name.encode()]
            line.name, line.x, line.y, line.count, line.color = keep[-1], x.ctypes.data, y.ctypes.data, x.size, number % 7
        chart = _fill(_struct("lathe_chart")(), options, "Chart", keep)
        chart.series, chart.count = ctypes.addressof(series), len(curves)
        text = _struct("lathe_text")()
        c.lathe_chart_svg(ctypes.addressof(text), ctypes.addressof(chart))
        self.svg = ctypes.string_at(text.chars, text.length).decode()
        c.lathe_text_free(ctypes.addressof(text))

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.svg)

    def _repr_svg_(self):
        return self.svg


def set_num_threads(threads):
    """The number of threads of all work; 0: one a processor."""
    c.lathe_threads_set(None, threads)


def __getattr__(name):
    """Losses and functions of tensors by their names: lathe.cross_entropy, lathe.relu, lathe.conv2d."""
    if name.startswith("_"):
        raise AttributeError(name)
    for names, make in ((_loss_names(), _loss_function), (_tensor_functions(), lambda one: getattr(functional, one))):
        if name in names:
            made = globals()[name] = make(name)
            return made
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({name for name in globals() if name[0] != "_"} | set(_loss_names()) | set(_tensor_functions()))
