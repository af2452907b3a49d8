"""Who makes chunks: this process, worker processes, a cluster; and the keys that stay in one place."""
