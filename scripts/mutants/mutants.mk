# SPDX-License-Identifier: GPL-2.0-or-later
# Bugs planted in a copy of the tree (docs/mutants.md).
.PHONY: mutants
mutants: ## plant known bugs one at a time; tests must find them (ONLY=words; takes an hour)
	$(Q)$(PYTHON) scripts/mutants/run.py $(BUILD) --only '$(ONLY)' $(MUTANT_OPTIONS)
