# Everything runs in .venv, which the first target to need it makes.
# PYTHON may be any of 3.11 to 3.13.
PYTHON ?= python3
VENV ?= .venv
BACKENDS ?= jax torch
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?=

.PHONY: demo test test-all test-backends fuzz lint readme docs

$(VENV)/.installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q -e ".[video,plot,completion,openvino,onnx,litert,hub,distill,docs,test,lint]"
	touch $@

demo: $(VENV)/.installed
	$(VENV)/bin/accel-tf demo --out out/demo

# In three processes on two cores: the arithmetic is small, Python is most of
# the work, and a tenth of the time is waited for servers and files.
test: $(VENV)/.installed
	$(VENV)/bin/python -m pytest -n 3 --dist worksteal

# All tests, with graphs as users run them (tests/conftest.py), then the
# arithmetic once more on the other Keras backends.
test-all: $(VENV)/.installed
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile -m "not tf_serving" \
	    --optimize-graphs
	$(MAKE) test-backends

test-backends: $(VENV)/.installed
	for backend in $(BACKENDS); do \
	    $(VENV)/bin/python -c "import $$backend" || \
	        $(VENV)/bin/python -m pip install -q -e ".[$$backend]"; \
	    KERAS_BACKEND=$$backend $(VENV)/bin/python -m pytest \
	        tests/ops tests/layers tests/models tests/streaming || exit 1; \
	done

# Each target of tests/fuzz for FUZZ_SECONDS, or those of FUZZ_TARGETS only.
fuzz: $(VENV)/.installed
	$(VENV)/bin/python -c "import atheris" || \
	    $(VENV)/bin/python -m pip install -q -e ".[fuzz]"
	$(VENV)/bin/python tests/fuzz/run.py --seconds $(FUZZ_SECONDS) \
	    $(FUZZ_TARGETS)

lint: $(VENV)/.installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

# The tables of README.md from recipes/results/*.json.
readme: $(VENV)/.installed
	$(VENV)/bin/python recipes/results/update_readme.py

# The pages as a site in out/docs; a dead link or an unknown name is an error.
docs: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict
