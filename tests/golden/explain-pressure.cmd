mmreplay -q --explain $TRACES/pressure.zst
