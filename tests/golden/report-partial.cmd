mmanalyze report --brief $TRACES/../tests/golden/stall-stacks.zst | sed "s,$TRACES/../tests/golden/,,"
