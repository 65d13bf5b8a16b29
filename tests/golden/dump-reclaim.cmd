mmcap dump -e vmscan:mm_vmscan_direct_reclaim_begin,vmscan:mm_vmscan_direct_reclaim_end $TRACES/pressure.zst >out; head -40 out
