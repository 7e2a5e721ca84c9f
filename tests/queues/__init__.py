"""The jobs in real queues: a month in which everything is delivered twice and a worker is killed."""
