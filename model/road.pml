/* The road of a letter, for two instances of the handler and one execution: settle, acknowledge,
 * redeliver, retry, replay, publish. README.md tells what each step stands for in the source, and
 * why the bounds are what they are.
 *
 * A step is atomic (d_step) where it is one transaction of the ledger, one frame to or from the
 * broker, or one thing that the platform does. Between two steps anything else may happen, and a
 * fault as often as it likes. That a settle is one step is shown in settle.pml. That what settle
 * writes to the outbox leaves it in order and not before it was heard, is shown in relay.pml; here
 * it leaves in any order, at any time, as often as it likes.
 *
 * Switches: STAMPED   messages carry attempt stamps, and the platform may schedule anew
 *           KEYLESS   the first letter has no key
 *           DEFERS    a row may be held by somebody for longer than we wait
 *           RECONNECTS  the broker may be lost under a batch that is being settled
 *           FAILS_ONLY  the rules retry nothing, and nobody replays
 *           LIVENESS  once faults end, everything is settled and sent (see the end)
 *           BREAK_*   ways of getting it wrong, each of which must be caught */

#ifndef LETTERS
#define LETTERS 3
#endif
#define INSTANCES 2
#define BIT(n) (1 << (n))

/* The status of the execution. The first two are failable, the last two final. */
#define SCHEDULED 0
#define RUNNING 1
#define FAILED 2
#define COMPLETED 3
#define IS_FAILABLE (status <= RUNNING)
#define IS_FINAL (status >= FAILED)

/* Messages: the platform's, ours by a rule, ours for an operator, the platform's next. */
#define ORIGINAL 0
#define RETRY 1
#define REPLAY 2
#define ANEW 3
#define MESSAGES 4
#define REPLAY_ID(m) (((m) == RETRY || (m) == REPLAY) -> (m) : 0)

/* Where a letter is. */
#define NOWHERE 0
#define READY 1
#define ACKED 2
#define HELD_BY(i) (3 + (i))

/* What an intake does. */
#define IDLE 0
#define SETTLING 1  /* the transaction is on its way to the database, its commit included */
#define SETTLED 2   /* the database has answered */
#define DEPARTED 3  /* the intake is gone, or in doubt; its transaction may still come to pass */

/* The platform: a row, and the worker's queue. */
byte status = SCHEDULED;
byte failed_by;             /* the letter in the row's result: 1 + it; 0: somebody else */
byte attempt;               /* grows whenever work is scheduled, as the row's `updated` does */
byte stamp[MESSAGES];       /* the attempt that each message carries */
byte sent = BIT(ORIGINAL);  /* a bit a message: it has reached the worker's queue */
bool waits = true;          /* the message that counts is there and has not died */

/* The broker's dead letter queue. */
byte letters;           /* so many have come */
byte place[LETTERS];
byte key[LETTERS];      /* 0: it has none */
byte message[LETTERS];  /* which died */
byte redelivered;       /* a bit a letter */

/* The ledger. */
byte records;      /* a bit a letter */
byte deferred;     /* a bit a letter: of the recorded, those that are still to be judged */
byte failers;      /* a bit a letter: of the recorded, those that failed the execution */
byte owner;        /* the replay that the execution waits for; 0: none */
byte owner_attempt;
bool seen_final;   /* somebody has read this owner beside a final row */
byte events;       /* written */
bool retry_waits;  /* in the outbox */
bool retry_asked;  /* a relay has it in its hands, and has asked whether it is waited for */
byte replayed;     /* the letter that an operator wants sent again: 1 + it; 0: none */
bool replay_waits; /* in the outbox */
bool claimed;      /* the execution waits for the replay's message */

/* The instances. */
byte intake[INSTANCES];
byte batch[INSTANCES];        /* a bit a letter */
bool old_channel[INSTANCES];  /* the channel that the batch came on is closed */

/* The rules' verdict on each letter, and what only an observer of everything knows. */
byte to_retry;            /* a bit a letter */
byte current = ORIGINAL;  /* the message whose death the execution may die of */
byte failures;            /* of the row, by us */
byte failed_for;          /* a bit a message: for its death the execution was failed */
#ifdef KEYLESS
byte firsts[INSTANCES];   /* a bit a letter: those of the batch that are not marked redelivered */
byte unmarked;            /* a bit a letter: it has a record without that mark */
#endif
#ifdef BREAK_EVENT_APART
byte owed[INSTANCES];
#endif

byte x, a;  /* within a step; 0 between two */

#ifdef LIVENESS
bool fault;
#define NORMAL fault = false
#define FAULT fault = true
#else
#define NORMAL skip
#define FAULT skip
#endif

/* --- the ledger ---------------------------------------------------------------------------- */

/* y = letter l, or the same death of the same message, is recorded. */
#define TWIN(l, m) (key[l] != 0 && key[m] == key[l] && (records & BIT(m)))
#if LETTERS == 2
#define IS_RECORDED(l) ((records & BIT(l)) || TWIN(l, 0) || TWIN(l, 1))
#else
#define IS_RECORDED(l) ((records & BIT(l)) || TWIN(l, 0) || TWIN(l, 1) || TWIN(l, 2))
#endif

#if defined(BREAK_NO_DEDUPE)
#define IS_KNOWN(l) false
#elif defined(BREAK_MERGE_KEYLESS)
#define IS_KNOWN(l) ((records & BIT(l)) || (records != 0 && key[l] == 0))
#else
#define IS_KNOWN(l) (key[l] != 0 && IS_RECORDED(l))
#endif

#if defined(STAMPED) && !defined(BREAK_NO_ATTEMPT_GUARD)
#define IS_OF_ATTEMPT(l) (status == SCHEDULED && attempt == stamp[message[l]])
#else
#define IS_OF_ATTEMPT(l) true
#endif
#if defined(STAMPED) && !defined(BREAK_NO_LATER_ATTEMPT)
#define IS_OF_LATER_ATTEMPT(l) (stamp[message[l]] > owner_attempt)
#else
#define IS_OF_LATER_ATTEMPT(l) false
#endif
#ifdef BREAK_OWNER_IGNORED
#define IS_OF_ANOTHER(l) false
#else
#define IS_OF_ANOTHER(l) \
  (owner != 0 && owner != REPLAY_ID(message[l]) && !IS_OF_LATER_ATTEMPT(l))
#endif
#define MAY_TOUCH(l) (IS_FAILABLE && IS_OF_ATTEMPT(l) && !IS_OF_ANOTHER(l))
#ifdef BREAK_RETRY_UNJUDGED
#define MAY_RETRY(l) true
#else
#define MAY_RETRY(l) MAY_TOUCH(l)
#endif

inline own(m) {
  owner = m;
  owner_attempt = attempt;
#ifndef BREAK_RELEASE_ANY
  seen_final = false
#endif
}

/* The letter is judged by the row as it is; what follows is written with it. */
inline judge(l, i) {
  deferred = deferred & ~BIT(l);
  if
  :: (to_retry & BIT(l)) && MAY_RETRY(l) ->
    assert(IS_FAILABLE && message[l] == current);  /* P3: sent once, and to one who waits for it */
    own(RETRY);
    current = RETRY;
    retry_waits = true;
    waits = false
  :: !(to_retry & BIT(l)) && MAY_TOUCH(l) ->
    assert(status != COMPLETED);                   /* P2 */
    assert(message[l] == current);                 /* P2 */
    assert(!(failed_for & BIT(message[l])));       /* P3 */
    failed_for = failed_for | BIT(message[l]);
    status = FAILED;
    failed_by = 1 + (l);
    failers = failers | BIT(l);
    failures++;
    waits = false;
#ifdef BREAK_EVENT_APART
    owed[i]++
#else
    events++
#endif
  :: else
  fi
}

/* One transaction: letters whose key is known are dropped, the others recorded and judged. */
inline settle(i, is_held) {
  x = 0;
  do
  :: x < LETTERS ->
    if
    :: (batch[i] & BIT(x)) && !IS_KNOWN(x) ->
      assert(key[x] == 0 || !IS_RECORDED(x));      /* P3 */
      records = records | BIT(x);
#ifdef KEYLESS
      if
      :: firsts[i] & BIT(x) ->
        assert(!(unmarked & BIT(x)));              /* P3: of two records one is marked */
        unmarked = unmarked | BIT(x)
      :: else
      fi;
#endif
      if
      :: is_held -> deferred = deferred | BIT(x)
      :: else -> judge(x, i)
      fi
    :: else
    fi;
    x++
  :: else -> break
  od
}

/* --- the broker ---------------------------------------------------------------------------- */

#define IS_READY(l) (place[l] == READY)
#define HOLDS(i, l) (place[l] == HELD_BY(i))
#define IS_DONE(l) ((l) >= letters || place[l] == ACKED)
#if LETTERS == 2
#define HELD(i) (HOLDS(i, 0) | HOLDS(i, 1) << 1)
#define ANY_READY (IS_READY(0) || IS_READY(1))
#define ALL_DONE (IS_DONE(0) && IS_DONE(1))
#else
#define HELD(i) (HOLDS(i, 0) | HOLDS(i, 1) << 1 | HOLDS(i, 2) << 2)
#define ANY_READY (IS_READY(0) || IS_READY(1) || IS_READY(2))
#define ALL_DONE (IS_DONE(0) && IS_DONE(1) && IS_DONE(2))
#endif

/* The channel is closed: what was not acknowledged is ready again. */
inline requeue(i) {
  x = 0;
  do
  :: x < LETTERS ->
    if
    :: HOLDS(i, x) ->
      place[x] = READY;
#ifdef KEYLESS
      redelivered = redelivered | ((key[x] == 0) << x)
#endif
    :: else
    fi;
    x++
  :: else -> break
  od
}

/* As far as the batch goes, and on its own channel only. */
inline acknowledge(i) {
  x = 0;
  do
  :: x < LETTERS ->
    if
#ifdef BREAK_OLD_TAG
    :: HOLDS(i, x) ->
#else
    :: HOLDS(i, x) && (batch[i] & BIT(x)) && !old_channel[i] ->
#endif
      assert(IS_RECORDED(x));                      /* P1 */
      place[x] = ACKED
    :: else
    fi;
    x++
  :: else -> break
  od
}

/* Intake takes what it holds; and what is ready, or the first of it. */
inline take(i, all) {
  batch[i] = HELD(i);
  x = 0;
  do
  :: x < LETTERS ->
    if
    :: IS_READY(x) && (all || batch[i] == 0) ->
      place[x] = HELD_BY(i);
      batch[i] = batch[i] | BIT(x)
    :: else
    fi;
#ifdef KEYLESS
    if
    :: (batch[i] & BIT(x)) && key[x] == 0 && !(redelivered & BIT(x)) ->
      firsts[i] = firsts[i] | BIT(x)
    :: else
    fi;
#endif
    x++
  :: else -> break
  od;
  intake[i] = SETTLING
}

inline forget(i) {
  batch[i] = 0;
#ifdef KEYLESS
  firsts[i] = 0;
#endif
#ifdef BREAK_EVENT_APART
  owed[i] = 0;
#endif
  intake[i] = IDLE;
  old_channel[i] = false
}

inline die(m, k, verdict) {
  waits = waits && (m) != current;
  place[letters] = READY;
  message[letters] = m;
  key[letters] = k;
  to_retry = to_retry | ((verdict) << letters);
  letters++
}

/* --- what always holds --------------------------------------------------------------------- */

#define IS_QUIET (ALL_DONE && !retry_waits && !replay_waits && deferred == 0 && \
                  (intake[0] | intake[1]) == IDLE)

/* Twins: it is all one which of the two instances is in which state. */
#define STANDING(i) ((((intake[i] << 3) | batch[i]) << 4) | (old_channel[i] << 3) | HELD(i))

#define SWAP(field) a = field[0]; field[0] = field[1]; field[1] = a

inline order_instances() {
  if
  :: STANDING(0) < STANDING(1) ->
    SWAP(intake);
    SWAP(batch);
    SWAP(old_channel);
#ifdef KEYLESS
    SWAP(firsts);
#endif
#ifdef BREAK_EVENT_APART
    SWAP(owed);
#endif
    x = 0;
    do
    :: x < LETTERS ->
      if
      :: place[x] >= HELD_BY(0) -> place[x] = 7 - place[x]
      :: else
      fi;
      x++
    :: else -> break
    od
  :: else
  fi
}

inline after_every_step() {
  seen_final = (seen_final || (owner != 0 && IS_FINAL));
  waits = (waits && IS_FAILABLE);
  if
  :: IS_QUIET ->
    assert(status != SCHEDULED || waits);          /* P5: nobody waits for what is no more */
    assert(events == failures)                     /* P6 */
  :: else
  fi;
  x = 0;
  a = 0
}

#define DONE after_every_step(); NORMAL
#define DONE_BY_FAULT after_every_step(); FAULT
#define IN_ORDER order_instances(); DONE
#define IN_ORDER_BY_FAULT order_instances(); DONE_BY_FAULT

/* --- the processes ------------------------------------------------------------------------- */

proctype Intake(byte i) {
end:
  do
  :: d_step { intake[i] == IDLE && (HELD(i) || ANY_READY) -> take(i, false); IN_ORDER }
  :: d_step { intake[i] == IDLE && ANY_READY -> take(i, true); IN_ORDER }
#ifdef RECONNECTS
  /* Receiving goes on, on a new channel, while a batch of the old one is in hand. */
  :: d_step { old_channel[i] && ANY_READY ->
      if
      :: IS_READY(0) -> place[0] = HELD_BY(i)
      :: !IS_READY(0) && IS_READY(1) -> place[1] = HELD_BY(i)
#if LETTERS > 2
      :: else -> place[2] = HELD_BY(i)
#endif
      fi; IN_ORDER }
#endif
  :: d_step { intake[i] == SETTLING -> settle(i, false); intake[i] = SETTLED; IN_ORDER }
#ifdef DEFERS
  :: d_step { intake[i] == SETTLING && !IS_FINAL -> settle(i, true); intake[i] = SETTLED; IN_ORDER }
#endif
#ifdef BREAK_NACKS
  :: d_step { intake[i] == SETTLING && !IS_FINAL -> requeue(i); forget(i); IN_ORDER }
#endif
#if defined(BREAK_ACK_FIRST)
  :: d_step { intake[i] == SETTLING -> acknowledge(i); IN_ORDER }
#elif defined(BREAK_DOUBT_IS_DONE)
  :: d_step { intake[i] == SETTLING -> intake[i] = SETTLED; IN_ORDER_BY_FAULT }
#endif
  :: d_step { intake[i] == SETTLED ->
#ifdef BREAK_EVENT_APART
      if
      :: owed[i] > 0 -> events++
      :: else
      fi;
#endif
      acknowledge(i); forget(i); IN_ORDER }

  /* What its database session does without it. */
  :: d_step { intake[i] == DEPARTED -> settle(i, false); forget(i); IN_ORDER }
#ifdef DEFERS
  :: d_step { intake[i] == DEPARTED && !IS_FINAL ->
      settle(i, true); forget(i); IN_ORDER }
#endif
  :: d_step { intake[i] == DEPARTED -> forget(i); IN_ORDER }

  /* Killed, stopped, in doubt, or held for too long: the channel closes, the batch is let go. */
  :: d_step { intake[i] == SETTLING ->
      requeue(i); intake[i] = DEPARTED; old_channel[i] = false; IN_ORDER_BY_FAULT }
  :: d_step { intake[i] == SETTLED -> requeue(i); forget(i); IN_ORDER_BY_FAULT }
#ifdef RECONNECTS
  /* The broker is lost, and what is being settled goes on. */
  :: d_step { intake[i] != DEPARTED && HELD(i) ->
      requeue(i); old_channel[i] = intake[i] != IDLE; IN_ORDER_BY_FAULT }
#endif
  od
}

#define IS_RETRY_WAITED_FOR (IS_FAILABLE && owner == RETRY)
#define IS_FAILED_BY_IT (status == FAILED && failed_by == replayed)

proctype Relay() {
end:
  do
  /* A retry is claimed; then it is asked once more whether it is waited for. If not, it goes. */
#ifdef BREAK_RETRY_NOT_ASKED
  :: d_step { retry_waits && !retry_asked ->
#else
  :: d_step { retry_waits && !retry_asked && IS_RETRY_WAITED_FOR ->
#endif
      assert(IS_FAILABLE);                         /* P3: work that is done is not sent again */
      retry_asked = true; DONE }
  :: d_step { retry_waits && !IS_RETRY_WAITED_FOR -> retry_waits = false; DONE }
  /* Whoever has it in hand may send it, now or much later, and then mark it. */
  :: d_step { retry_asked && !(sent & BIT(RETRY)) ->
      sent = sent | BIT(RETRY);
      waits = waits || current == RETRY; DONE }
  :: d_step { retry_waits && (sent & BIT(RETRY)) -> retry_waits = false; DONE }

  /* A replay is claimed: in one transaction with the row that it is for, if that is as it was. If
   * not, it ends. */
#ifdef BREAK_REPLAY_BLINDLY
  :: d_step { replay_waits && !claimed ->
#else
  :: d_step { replay_waits && !claimed && IS_FAILED_BY_IT ->
#endif
      assert(status != COMPLETED);                 /* P2 */
      status = SCHEDULED;
      failed_by = 0;
      attempt++;
#ifndef BREAK_STAMP_NOT_RENEWED
      stamp[REPLAY] = attempt;
#endif
      own(REPLAY);
      current = REPLAY;
      claimed = true; DONE }
  :: d_step { replay_waits && !claimed && !IS_FAILED_BY_IT -> replay_waits = false; DONE }
  /* It is sent once, now or much later. That it may never be is in replay.pml. */
  :: d_step { replay_waits && claimed ->
      replay_waits = false;
      sent = sent | BIT(REPLAY);
      waits = waits || current == REPLAY; DONE }
  od
}

#define MAY_DIE(m) (letters < LETTERS && (sent & BIT(m)))

#define NEXT_KEY (1 + letters)
#ifdef KEYLESS
#define FIRST_KEY (letters == 0 -> 0 : NEXT_KEY)
#else
#define FIRST_KEY NEXT_KEY
#endif

proctype Platform() {
end:
  do
  /* Messages die: in the queue, or because a worker rejects them. */
  :: d_step { MAY_DIE(ORIGINAL) -> die(ORIGINAL, FIRST_KEY, 0); DONE }
#ifndef FAILS_ONLY
  :: d_step { MAY_DIE(ORIGINAL) -> die(ORIGINAL, FIRST_KEY, 1); DONE }
#endif
  :: d_step { MAY_DIE(RETRY) -> die(RETRY, NEXT_KEY, 0); DONE }
  :: d_step { MAY_DIE(REPLAY) -> die(REPLAY, NEXT_KEY, 0); DONE }
  /* The broker dead-letters the same death once more. */
  :: d_step { letters > 0 && letters < LETTERS && key[letters - 1] != 0 ->
      die(message[letters - 1], key[letters - 1], (to_retry >> (letters - 1)) & 1);
      DONE_BY_FAULT }

  /* Workers, with a message or with one from long ago. */
  :: d_step { IS_FAILABLE -> status = COMPLETED; DONE_BY_FAULT }
  :: d_step { status == FAILED -> status = COMPLETED; failed_by = 0; DONE_BY_FAULT }
#ifdef STAMPED
  :: d_step { status == SCHEDULED -> status = RUNNING; waits = false; DONE_BY_FAULT }
  :: d_step { MAY_DIE(ANEW) -> die(ANEW, NEXT_KEY, 0); DONE }
  /* It schedules the work anew. */
  :: d_step { !(sent & BIT(ANEW)) && status != COMPLETED ->
      status = SCHEDULED;
      failed_by = 0;
      attempt++;
      stamp[ANEW] = attempt;
      current = ANEW;
      sent = sent | BIT(ANEW);
      waits = true; DONE_BY_FAULT }
#endif
  od
}

proctype SecondLook() {
end:
  do
#ifdef DEFERS
  :: d_step { deferred & 1 -> judge(0, 0); DONE }
  :: d_step { deferred & 2 -> judge(1, 0); DONE }
  :: d_step { deferred & 4 -> judge(2, 0); DONE }
#endif
  /* Read beside a final row, and released later, if it is the same owner still. */
#ifdef BREAK_RELEASE_EARLY
  :: d_step { owner != 0 ->
#else
  :: d_step { owner != 0 && seen_final ->
#endif
      owner = 0;
      owner_attempt = 0;
      seen_final = false; DONE }
  od
}

#ifndef FAILS_ONLY
inline ask(letter) {
  replayed = letter;
  replay_waits = true;
  failers = 0
}

proctype Operator() {
end:
  do
  :: d_step { replayed == 0 && (failers & 1) -> ask(1); DONE }
  :: d_step { replayed == 0 && (failers & 2) -> ask(2); DONE }
  :: d_step { replayed == 0 && (failers & 4) -> ask(3); DONE }
  od
}
#endif

init {
  atomic {
    run Intake(0);
    run Intake(1);
    run Relay();
    run Platform();
    run SecondLook();
#ifndef FAILS_ONLY
    run Operator()
#endif
  }
#ifndef LIVENESS
end:
  timeout -> assert(IS_QUIET)                      /* P5 */
#endif
}

#ifdef LIVENESS
/* A run in which faults end and which never becomes quiet. Steps that may be left out (a worker
 * with a message from long ago) count as faults. */
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
