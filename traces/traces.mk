# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of the trace tools.

.PHONY: test-traces test-trace-browser

test-traces: ## tests of the trace tools, without a browser
	$(Q)$(PYTHON) traces/tests/run.py

# Only this needs the browser, so only this installs it.
test-trace-browser: ## the trace timeline in a headless Chromium, with a million records
	$(Q)scripts/setup.sh --no-fetch --also browser
	$(Q)TRACE_BROWSER_KEEP=$(BUILD)/traces $(PYTHON) traces/tests/run.py browser
