# Assay
#
#   make demo                 set up, build, run the demo study and say where its report is
#   make test                 set up and run every test
#   make study STUDY=FILE     run a study: train what is missing, analyse, draw, report
#
# Questions asked of runs that are there; STORE is a directory of runs, for example runs/demo:
#   make fits    STORE=DIR    the Goyal scaling law of each group           GROUP=model,regime,subset,ipc Y=test_error
#   make dcs     STORE=DIR    does a distillation loss follow the error?    LOSSES=FILE ERROR=test_error ADJUST=regime,ipc
#   make pareto  STORE=DIR    the best error for each size                  MINIMIZE=ipc,test_error PER=model,regime,budget
#   make cad     STORE=DIR    CAD-Prune's windows for each budget            SPAN=3 WINDOW=2 OUT=results/cad
#   make notebooks            build and run the scripts of notebooks-as-scripts
#   make figures STORE=DIR    the figures of the store's study, drawn again; or STUDY=FILE
#
# For a store runs/NAME, LOSSES defaults to results/NAME/*-losses.csv and STUDY to studies/NAME.yaml, where they exist.
#
#   make setup                install the packages that are missing
#   make build                build the command .build/release/assay
#   make lint · make format   check the formatting · apply it
#   make bench-fit            time fits beside SciPy and NumPy                   ROUNDS=7 PEERS=DIR PYTHON=python3 SLOW=1
#   make bench-store PEERS=DIR  time scores, selections and coresets beside the scripts in DIR   INPUTS=DIR ROUNDS=7 SLOW=1
#   make bench-train PEERS=DIR  time training steps beside the PyTorch script in DIR                              ROUNDS=7 THREADS=1
#   make bench-dcs PEERS=DIR  time bootstraps of Spearman's rho beside the script in DIR                          ROUNDS=7
#   make dcs-rates            false-positive rates of every way to adjust and cluster a DCS (docs/dcs.md)          SETS=1000
#   make coverage             how often 95 % intervals hold the truth            SETS=1000
#   make clean                remove what was built; runs and results stay

# One build serves the demo and the tests; an import that a room does not declare is an error.
FLAGS := -c release -Xswiftc -enable-testing --explicit-target-dependency-import-check error
ASSAY := .build/release/assay
FASHION := /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
FORMATTED = $(wildcard Sources Tests Benchmarks notebooks-as-scripts Package.swift)

STORE ?=
STUDY ?=
NAME = $(notdir $(STORE:%/=%))
X ?= samples_seen,samples_per_epoch
Y ?= test_error
GROUP ?= model,regime,subset,ipc
LOSSES ?= $(and $(STORE),$(wildcard results/$(NAME)/*-losses.csv))
ERROR ?= test_error
ADJUST ?= regime,ipc
CLUSTER ?= subset
MINIMIZE ?= ipc,test_error
PER ?= model,regime,budget
SPAN ?= 3
WINDOW ?= 2
OUT ?= results/cad
ROUNDS ?= 7
PEERS ?=
PYTHON ?= python3
SLOW ?=
THREADS ?= 1
SETS ?= 1000

FIGURES = $(or $(STUDY),$(and $(STORE),$(wildcard studies/$(NAME).yaml)))

# $(call need,TARGETS,VARIABLE,WHAT TO SAY): where a target lacks its variable, make stops with 2 before it builds.
need = $(foreach goal,$(filter $1,$(MAKECMDGOALS)),$(if $($2),,$(error make $(goal): say $3)))
$(call need,study,STUDY,STUDY=FILE; for example STUDY=studies/demo.yaml)
$(call need,fits dcs pareto cad,STORE,STORE=DIR; for example STORE=runs/demo)
$(call need,dcs,LOSSES,LOSSES=FILE: a table of distillation losses per set; those of a study are in results/NAME)
$(call need,figures,FIGURES,STUDY=FILE: a study says which figures there are (one with `store:` and no `runs:` only reads))

.PHONY: menu setup build demo test study fits dcs pareto cad figures notebooks lint format bench-fit bench-store bench-train bench-dcs dcs-rates coverage clean

menu:
	@sed -n '1,/^$$/ { s/^# \{0,1\}//; p }' Makefile

setup:
	@scripts/setup

build: setup
	swift build $(FLAGS) --product assay

# One recipe, so that the warning is the first line and the order holds under -j.
demo:
	@test -e $(FASHION) || \
	echo "Fashion-MNIST is not installed: unless that can be done now, the demo uses the generated data set 'glyphs'."
	@scripts/setup
	swift build $(FLAGS) --product assay
	@study=demo; test -e $(FASHION) || study=demo-glyphs; \
	$(ASSAY) run studies/$$study.yaml && \
	echo && echo "Look at results/$$study/report.html; tables and figures lie beside it, the runs in runs/$$study." && \
	{ test -e $(FASHION) || echo "This was the generated data set 'glyphs': Fashion-MNIST is not installed."; }

# `swift test` builds with other flags than `swift build`, hence everything a second time: it may only run what is built.
test: setup
	swift build $(FLAGS) --build-tests
	swift test $(FLAGS) --disable-xctest --skip-build

study: build
	$(ASSAY) run "$(STUDY)"

fits: build
	$(ASSAY) fit "$(STORE)" --law goyal --x $(X) --y $(Y) --group $(GROUP)

dcs: build
	@echo "Every run is a row here: seeds of one rule are clustered, regimes are adjusted for. A study's dcs averages seeds and keeps regimes apart." >&2
	$(ASSAY) dcs "$(STORE)" --losses "$(LOSSES)" --error $(ERROR) --adjust-for $(ADJUST) --cluster $(CLUSTER)

pareto: build
	$(ASSAY) pareto "$(STORE)" --minimize $(MINIMIZE) --per $(PER) --seed-column seed

cad: build
	$(ASSAY) cad "$(STORE)" --span $(SPAN) --window $(WINDOW) -o "$(OUT)"

figures: build
	$(ASSAY) figures "$(FIGURES)"

notebooks: setup
	swift build $(FLAGS)
	@for notebook in notebooks-as-scripts/*/; do echo "--- $$notebook"; .build/release/$$(basename $$notebook) || exit 1; done

lint:
	swift format lint --strict --recursive $(FORMATTED)

format:
	swift format --in-place --recursive $(FORMATTED)

bench-fit: build
	swift build $(FLAGS) --product bench-fit
	$(PYTHON) Benchmarks/fit.py --rounds $(ROUNDS) $(if $(PEERS),--peers "$(PEERS)") $(if $(SLOW),--slow)

bench-store: build
	swift build $(FLAGS) --product bench-store
	$(PYTHON) Benchmarks/store.py --rounds $(ROUNDS) --peers "$(PEERS)" --python $(PYTHON) $(if $(INPUTS),--inputs "$(INPUTS)") $(if $(SLOW),--slow)

bench-train: setup
	swift build $(FLAGS) --product bench-train
	$(PYTHON) Benchmarks/train.py --rounds $(ROUNDS) --peers "$(PEERS)" --threads $(THREADS) --python $(PYTHON)

bench-dcs: setup
	swift build $(FLAGS) --product bench-dcs
	$(PYTHON) Benchmarks/dcs.py --rounds $(ROUNDS) --peers "$(PEERS)" --python $(PYTHON)

dcs-rates: setup
	swift build $(FLAGS) --product bench-dcs
	.build/release/bench-dcs rates $(SETS)

coverage: build
	@ASSAY=$(ASSAY) scripts/coverage --sets $(SETS)

clean:
	rm -rf .build
