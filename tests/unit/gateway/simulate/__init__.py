"""Truth, score and naive merge of the simulated world, without playing one."""
