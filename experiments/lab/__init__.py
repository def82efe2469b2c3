# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory: from an experiment's plan to a report whose every number can be made again.

One job a module, in the order in which a run goes through them:

    plan       reads and checks a plan          cells      a plan's cells, each one boot
    images     what a plan can boot             machine    a cell as an emulated machine
    folder     a run's folder and its id        cell       runs one cell, keeps its raw data
    local      cells within this machine        batch      cells by Slurm or GNU parallel
    console    raw data to records              analysis   records to metrics
    pictures   metrics to pictures              report     all of it to pages
    reproduce  a run again, and what differs    repeat     a cell again, under load
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
EXPERIMENTS = os.path.dirname(HERE)
REPO = os.path.dirname(EXPERIMENTS)
SCRIPTS = os.path.join(REPO, "scripts")
if SCRIPTS not in sys.path:
    sys.path.insert(0, SCRIPTS)
