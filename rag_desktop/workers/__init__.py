"""Child processes: what can crash, hang or eat memory runs in one."""
