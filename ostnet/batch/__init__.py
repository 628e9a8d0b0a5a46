"""Many videos at once: a list of jobs in, a folder of videos with their manifest out.

``job_list`` reads the list, ``run`` goes through it: jobs that are finished in ``ledger`` are
skipped, the others are made by ``workers``.
"""
