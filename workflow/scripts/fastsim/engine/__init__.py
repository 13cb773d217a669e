"""Training machinery: processes, checkpoints, schedules, logs; knows not what is being trained."""
