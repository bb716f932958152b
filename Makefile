# make run and make test set everything up by themselves: virtual environment, locked packages, Debian libraries.
PYTHON = .venv/bin/python

.PHONY: run test lint bench stories package lock

run:
	@sh packaging/setup.sh run
	@sh packaging/run.sh

test:
	@sh packaging/setup.sh test
	$(PYTHON) -m pytest -n 2 --dist worksteal -m "not slow" $(ARGS)

# The whole main job by real mouse and keyboard and on the whole of Fashion-MNIST: minutes, by hand.
stories:
	@sh packaging/setup.sh test
	$(PYTHON) -m pytest -m slow $(ARGS)

lint:
	@sh packaging/setup.sh dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy

bench:
	@sh packaging/setup.sh test
	$(PYTHON) -m tests.benchmarks

# A folder in dist/ that starts without Python installed.
package:
	@sh packaging/setup.sh dev
	$(PYTHON) -m PyInstaller --noconfirm --distpath dist --workpath build packaging/neuroloom.spec

# Writes the exact versions of this environment into requirements.lock.
lock:
	@sh packaging/setup.sh dev
	{ echo '# Exact versions that the README'"'"'s commands install. Made with "make lock".'; \
	  $(PYTHON) -m pip freeze --exclude-editable | sed 's/+cpu$$//'; } > requirements.lock.new
	mv requirements.lock.new requirements.lock
