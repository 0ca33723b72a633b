# SPDX-License-Identifier: Apache-2.0
"""The runner of tools/bgpbench: networks, daemons, scenarios and the report."""
