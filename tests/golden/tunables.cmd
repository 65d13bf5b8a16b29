mmreplay --list-tunables && mmreplay --list-policies
