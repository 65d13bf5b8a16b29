mmcap dump -e vmscan:mm_vmscan_direct_reclaim_begin,vmscan:mm_vmscan_direct_reclaim_end $TRACES/pressure.zst | head -40
