/* The outbox and its relays, in two instances: claim under a lease, publish, mark. Settle writes
 * three entries: two events of one execution, and one that has no order to keep, such as an event
 * of another execution, or a retry. README.md tells what each step is in the source.
 *
 * Time is not modelled: a lease may run out as soon as it was given. Where it does so under a relay
 * that lives, where an answer does not come, and where a relay dies, that is a fault, and faults
 * are as many as they like.
 *
 * Switches: CALM      no faults: then nothing is sent twice
 *           LIVENESS  once faults end, everything recorded is sent and gone
 *           BREAK_*   ways of getting it wrong, each of which must be caught */

#define RELAYS 2
#define ENTRIES 3
#define BIT(n) (1 << (n))
#define ALL (BIT(ENTRIES) - 1)

/* A bit an entry. Entry 1 is an event of the same execution as entry 0, and recorded after it. */
#define OLDER(n) ((n) == 1 -> BIT(0) : 0)

byte recorded;
byte gone;
byte leased;
byte claimed[RELAYS];    /* in hand */
byte answered[RELAYS];   /* confirmed, refused or in doubt */
byte confirmed[RELAYS];

/* What only an observer knows: what the exchange has had, once and more often. */
byte heard;
byte heard_twice;
#ifdef BREAK_NEW_ID
byte sent_by[ENTRIES];   /* the id is made by whoever sends */
#endif

byte x;  /* within a step; 0 between two */

#ifdef LIVENESS
bool fault;
#define NORMAL fault = false
#define FAULT fault = true
#else
#define NORMAL skip
#define FAULT skip
#endif

#ifdef BREAK_NO_LEASE
#define IS_FREE(n) true
#else
#define IS_FREE(n) (!(leased & BIT(n)))
#endif
#ifdef BREAK_ANY_ORDER
#define IS_OLDEST(n) true
#else
#define IS_OLDEST(n) ((OLDER(n) & ~gone) == 0)
#endif
#define IS_DUE(n) ((recorded & BIT(n)) && !(gone & BIT(n)) && IS_FREE(n) && IS_OLDEST(n))
#define ANY_DUE (IS_DUE(0) || IS_DUE(1) || IS_DUE(2))

/* One transaction: a lease on all that is due, or on the first of it. */
inline claim(r, all) {
  x = 0;
  do
  :: x < ENTRIES ->
    if
    :: IS_DUE(x) && (all || claimed[r] == 0) -> claimed[r] = claimed[r] | BIT(x)
    :: else
    fi;
    x++
  :: else -> break
  od;
  x = 0;
  leased = leased | claimed[r];
#ifdef BREAK_CLAIM_DELETES
  gone = gone | claimed[r]
#endif
}

/* The exchange has the entry, and the relay hears of it or does not. */
inline arrive(r, n) {
  assert((OLDER(n) & ~heard) == 0);     /* P6 in the order of recording */
#ifdef BREAK_NEW_ID
  assert(!(heard & BIT(n)) || sent_by[n] == r);  /* P6 sent twice, it has the same id */
  sent_by[n] = r;
#endif
  heard_twice = heard_twice | (heard & BIT(n));
  heard = heard | BIT(n);
#ifdef CALM
  assert(heard_twice == 0)              /* P6 once, while nothing fails */
#endif
}

inline forget(r) {
  claimed[r] = 0;
  answered[r] = 0;
  confirmed[r] = 0
}

/* One transaction: what was confirmed is deleted, the rest is due again. */
inline mark(r) {
#ifdef BREAK_DOUBT_IS_DONE
  gone = gone | claimed[r];
#else
  gone = gone | confirmed[r];
#endif
  leased = leased & ~claimed[r];
  forget(r)
}

#define IS_QUIET (gone == ALL && claimed[0] == 0 && claimed[1] == 0)

inline after_every_step() {
#ifndef BREAK_CLAIM_DELETES
  assert((gone & ~heard) == 0);         /* P6 nothing leaves unheard */
#endif
  if
  :: IS_QUIET -> assert(heard == ALL)   /* P6 everything was heard */
  :: else
  fi
}

#define DONE after_every_step(); NORMAL
#define DONE_BY_FAULT after_every_step(); FAULT

#define TO_SEND(r) (claimed[r] & ~answered[r])
/* The lowest of those still to be sent. */
#define IS_NEXT(r, n) ((TO_SEND(r) & (BIT((n) + 1) - 1)) == BIT(n))
#define IS_HELD(n) ((claimed[0] | claimed[1]) & BIT(n))

inline answer(r, n, is_confirmed) {
  answered[r] = answered[r] | BIT(n);
  confirmed[r] = confirmed[r] | ((is_confirmed) << (n))
}

proctype Relay(byte r) {
end:
  do
  :: d_step { claimed[r] == 0 && ANY_DUE -> claim(r, true); DONE }
  :: d_step { claimed[r] == 0 && ANY_DUE -> claim(r, false); DONE }

  /* Published and confirmed. */
  :: d_step { IS_NEXT(r, 0) -> arrive(r, 0); answer(r, 0, 1); DONE }
  :: d_step { IS_NEXT(r, 1) -> arrive(r, 1); answer(r, 1, 1); DONE }
  :: d_step { IS_NEXT(r, 2) -> arrive(r, 2); answer(r, 2, 1); DONE }

#ifdef BREAK_MARK_FIRST
  :: d_step { claimed[r] != 0 -> gone = gone | claimed[r]; DONE }
#endif
  :: d_step { claimed[r] != 0 && TO_SEND(r) == 0 -> mark(r); DONE }

#ifndef CALM
  /* In doubt: it arrived or did not. Not sent, refused and unroutable are like the latter. */
  :: d_step { IS_NEXT(r, 0) -> arrive(r, 0); answer(r, 0, 0); DONE_BY_FAULT }
  :: d_step { IS_NEXT(r, 1) -> arrive(r, 1); answer(r, 1, 0); DONE_BY_FAULT }
  :: d_step { IS_NEXT(r, 2) -> arrive(r, 2); answer(r, 2, 0); DONE_BY_FAULT }
  :: d_step { IS_NEXT(r, 0) -> answer(r, 0, 0); DONE_BY_FAULT }
  :: d_step { IS_NEXT(r, 1) -> answer(r, 1, 0); DONE_BY_FAULT }
  :: d_step { IS_NEXT(r, 2) -> answer(r, 2, 0); DONE_BY_FAULT }
  /* Killed; or its mark was lost for good. */
  :: d_step { claimed[r] != 0 -> forget(r); DONE_BY_FAULT }
#endif
  od
}

/* Leases run out: nobody's, and in bad times somebody's. */
proctype Clock() {
end:
  do
#ifndef BREAK_LEASE_FOR_EVER
  :: d_step { (leased & 1) && !IS_HELD(0) -> leased = leased & ~1; DONE }
  :: d_step { (leased & 2) && !IS_HELD(1) -> leased = leased & ~2; DONE }
  :: d_step { (leased & 4) && !IS_HELD(2) -> leased = leased & ~4; DONE }
#endif
#ifndef CALM
  :: d_step { (leased & 1) && IS_HELD(0) -> leased = leased & ~1; DONE_BY_FAULT }
  :: d_step { (leased & 2) && IS_HELD(1) -> leased = leased & ~2; DONE_BY_FAULT }
  :: d_step { (leased & 4) && IS_HELD(2) -> leased = leased & ~4; DONE_BY_FAULT }
#endif
  od
}

/* Settle records entries; of one execution one after the other, for it locks the row. */
proctype Settle() {
end:
  do
  :: d_step { !(recorded & 1) -> recorded = recorded | 1; DONE }
  :: d_step { (recorded & 1) && !(recorded & 2) -> recorded = recorded | 2; DONE }
  :: d_step { !(recorded & 4) -> recorded = recorded | 4; DONE }
  od
}

init {
  atomic {
    run Relay(0);
    run Relay(1);
    run Clock();
    run Settle()
  }
#ifndef LIVENESS
end:
  timeout -> assert(IS_QUIET)           /* P6 nothing waits for ever */
#endif
}

#ifdef LIVENESS
/* A run in which faults end and which never becomes quiet. */
never {
  do
  :: true
  :: !fault && !IS_QUIET -> goto accept
  od;
accept:
  do
  :: !fault && !IS_QUIET
  od
}
#endif
