# Everything a person types. The steps behind each word are in config/bootstrap.py.
PYTHON ?= python3

.PHONY: run test check proof install
run:            ## Install what is missing, then start Preceptor on http://localhost:8000
	@$(PYTHON) config/bootstrap.py run

test:           ## Everything the build machine runs: style, unit, browser and whole-loop tests
	@$(PYTHON) config/bootstrap.py test

check:          ## The quick suite: style and the tests that need neither torch nor a browser
	@$(PYTHON) config/bootstrap.py check

proof:          ## Walk the loop on the demo project and print what the model learned (about an hour)
	@DATA_DIR=$(CURDIR)/var/proof $(PYTHON) config/bootstrap.py proof

install:        ## Only the installation
	@$(PYTHON) config/bootstrap.py install
