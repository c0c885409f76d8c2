WITH {{chosen}}
SELECT total.letters, total.open, total.taken, total.waiting, total.closed FROM total
