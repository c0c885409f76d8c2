/* Replays: letters that operators chose, sent again by drivers in two instances of the handler:
 * take a lease, claim, publish, mark, follow. One execution, three letters that are about it, the
 * later ones deaths of what is sent here, and two replays whose selections overlap. README.md tells
 * what each step is in the source, and why the bounds are what they are.
 *
 * A step is atomic (d_step) where it is one transaction of the ledger, one message and the broker's
 * answer to it, or one thing that the platform does. Time is not modelled: a lease, a wait for an
 * answer or the age of a claim may end as soon as it began.
 *
 * Switches: PARKED     the first letter left its execution alone; else it failed it
 *           UNSTAMPED  letters carry no attempt stamp
 *           RESCHEDULES  the platform may schedule the work anew (not with UNSTAMPED: README.md)
 *           DEPARTS    a claim whose answer was lost may come to pass later
 *           STEERED    operators pause, resume and cancel
 *           HOPELESS   some letters cannot be sent at all
 *           LIVENESS   once faults end, each replay ends or waits for its operator (see the end)
 *           BREAK_*    ways of getting it wrong, each of which must be caught */

#ifndef LETTERS
#define LETTERS 3
#endif
#define BIT(n) (1 << (n))

/* A pair is a letter in a replay: the row of the ledger that says how far it has come. Replay 0 is
 * of letter 0, and replay 1 of whatever there is when it is made. */
#define PAIRS (1 + LETTERS)
#define REPLAY_OF(p) ((p) > 0)
#define LETTER_OF(p) ((p) > 0 -> (p) - 1 : 0)

/* The status of the execution. The first two are failable, the last two final. */
#define SCHEDULED 0
#define RUNNING 1
#define FAILED 2
#define COMPLETED 3
#define IS_FAILABLE (status <= RUNNING)
#define IS_FINAL (status >= FAILED)

/* Messages: the platform's, the pairs', the platform's next. */
#define ORIGINAL 0
#define OF_PAIR(p) (1 + (p))
#define ANEW (1 + PAIRS)
#define MESSAGES (2 + PAIRS)
#define ID_OF(p) (1 + REPLAY_OF(p))
#define ID_IN(m) (((m) == ORIGINAL || (m) == ANEW) -> 0 : ID_OF((m) - 1))

/* How far a pair has come. */
#define NOT_CHOSEN 0
#define PENDING 1
#define UNSENT 2      /* the execution waits for a message that certainly is not out */
#define CLAIMED 3     /* the execution waits for a message that somebody is about to send */
#define SENT 4
#define IN_DOUBT 5
#define ENDED 6       /* answered, withdrawn or taken */
#define UNANSWERED 7  /* ended in doubt, without an answer or unroutable */
#define IS_ACTIVE(p) (step[p] >= PENDING && step[p] <= IN_DOUBT)
#define IS_ON_ITS_WAY(p) (step[p] >= UNSENT && step[p] <= IN_DOUBT)
#define IS_OUT(p) (step[p] == CLAIMED || step[p] == IN_DOUBT)

/* What a driver is doing, for one pair. */
#define NOTHING 0
#define IN_HAND 1        /* claimed, and to be sent */
#define MARK_SENT 2      /* confirmed */
#define MARK_DOUBT 3     /* nacked, or without an answer */
#define MARK_UNSENT 4    /* there was no connection */
#define MARK_NOBODYS 5   /* no queue took it */
#define MARK_LOST 6      /* the claim's answer did not come: certainly not sent */
#define MARK_HOPELESS 7  /* not to be sent at all, and not claimed */

/* The platform: a row, and the workers' queue. */
byte status;
byte failed_by;         /* the letter in the row's result: 1 + it; 0: none */
byte attempt = 1;       /* grows whenever work is scheduled, as the row's `updated` does */
byte stamp[MESSAGES];   /* the attempt that each message carries */
byte out;               /* a bit a pair: its message has reached the queue */
bool is_anew;           /* the platform has scheduled the work anew */

/* The ledger. */
byte letters = 1;       /* so many are recorded */
byte failers;           /* a bit a letter: it failed the execution */
byte waiting;           /* a bit a letter: it is on its way */
byte owner;             /* the replay that the execution waits for: 1 + it; 0: none */
byte owner_attempt;
byte made;              /* a bit a replay */
byte running;           /* a bit a replay; else it is paused, stopped or cancelled */
byte driver[2];         /* of a replay: 1 + it; 0: nobody who lives */
byte step[PAIRS];
byte claimer[PAIRS];    /* 1 + whose claim it was, if he knows of it */
byte moved;             /* a bit a pair: its claim took the row, and nothing gave it back */

/* The drivers. */
byte doing[2];
byte pair[2];           /* for which; 0 with nothing to do */
byte departed[2];       /* 1 + a pair whose claim may still come to pass; 0: none */

/* What only an observer of everything knows. */
byte current;           /* the message that the execution was scheduled for */
byte confirmed;         /* a bit a pair: its confirm was recorded */

byte x, a;  /* within a step; 0 between two */
bool is_claimed, has_a_way;

#ifdef LIVENESS
bool calm;  /* faults have ended */
#define FAULTS !calm
#else
#define FAULTS true
#endif

/* --- the row ------------------------------------------------------------------------------- */

/* As a claim left it: a worker who begins, and whoever schedules anew, renew its `updated`. */
#define IS_AS_CLAIMED (status == SCHEDULED && attempt == owner_attempt)

#ifdef UNSTAMPED
#define IS_OF_ATTEMPT(m) true
#define IS_OF_LATER_ATTEMPT(m) false
#else
#define IS_OF_ATTEMPT(m) (status == SCHEDULED && attempt == stamp[m])
#define IS_OF_LATER_ATTEMPT(m) (stamp[m] > owner_attempt)
#endif
#ifdef BREAK_OWNER_IGNORED
#define IS_OF_ANOTHER(m) false
#else
#define IS_OF_ANOTHER(m) (owner != 0 && owner != ID_IN(m) && !IS_OF_LATER_ATTEMPT(m))
#endif

/* Settle, in one step: a message died, and its letter is recorded and judged. */
inline die(m) {
  if
  :: IS_FAILABLE && IS_OF_ATTEMPT(m) && !IS_OF_ANOTHER(m) ->
#ifdef UNSTAMPED
    assert(m == current || owner == 0);            /* P2: nor one of before the replay */
#else
    assert(m == current);                          /* P2: a stale letter fails nothing */
#endif
    status = FAILED;
    failed_by = 1 + letters;
    failers = failers | BIT(letters)
  :: else ->
    assert(status != SCHEDULED || m != current)    /* P5: of this death nobody else would tell */
  fi;
  letters++
}

/* --- the ledger's side of a replay --------------------------------------------------------- */

#define IS_FAILED_BY(l) ((failers & BIT(l)) && status == FAILED && failed_by == 1 + (l))
#define HAD_FAILED_IT(l) (failers & BIT(l))
#define IS_PARKED(l) ((l) == 0 && !(failers & 1))
/* The row waits for an earlier replay of that letter, is as its claim left it, and that was not
 * answered. */
#ifdef BREAK_UNANSWERED_UNMOVED
#define HAS_MOVED(p) true
#else
#define HAS_MOVED(p) (moved & BIT(p))
#endif
#define WAS_UNANSWERED(p) (step[p] == UNANSWERED && HAS_MOVED(p))
#ifdef BREAK_PARKED_ONCE
#define MAY_COME_AGAIN(l) (failers & BIT(l))
#else
#define MAY_COME_AGAIN(l) (IS_PARKED(l) || (failers & BIT(l)))
#endif
#define WAITS_UNANSWERED(l) \
  (IS_AS_CLAIMED && MAY_COME_AGAIN(l) && \
   ((owner == 1 && (l) == 0 && WAS_UNANSWERED(0)) || (owner == 2 && WAS_UNANSWERED(1 + (l)))))
#define IS_LEFT_ALONE_BY(l) \
  (IS_PARKED(l) && status == SCHEDULED && owner == 0 && attempt == stamp[ORIGINAL])
#if defined(BREAK_MOVED_BLINDLY)
#define MAY_MOVE(l) true
#else
#define MAY_MOVE(l) (IS_FAILED_BY(l) || WAITS_UNANSWERED(l) || IS_LEFT_ALONE_BY(l))
#endif

#define IS_OF_LETTER(m, l) \
  ((m) == ORIGINAL || ((m) != ANEW && LETTER_OF((m) - 1) == (l)))

/* Takes the row for a pair: in the claim, under its locks. */
inline move_row(q) {
  assert(IS_FINAL || status == SCHEDULED);         /* P2: what a worker has begun */
  assert(status != COMPLETED);                     /* P2: or ended */
  assert(status != FAILED || failed_by == 1 + LETTER_OF(q));            /* P2: or what another */
  assert(status != SCHEDULED || IS_OF_LETTER(current, LETTER_OF(q)));   /* P2: waits for, stays */
  moved = moved | BIT(q);
  status = SCHEDULED;
  failed_by = 0;
  attempt++;
  owner = ID_OF(q);
  owner_attempt = attempt;
#ifndef BREAK_STAMP_NOT_RENEWED
  stamp[OF_PAIR(q)] = attempt;
#endif
  current = OF_PAIR(q)
}

#ifdef BREAK_UNSENT_UNSEEN
#define IS_WAITED_FOR(p) true
#else
#define IS_WAITED_FOR(p) (owner == ID_OF(p) && IS_AS_CLAIMED)
#endif

/* One transaction. What is not pending any more, nor unsent, is left; so is what is in another's
 * replay, and what is pending in one that does not run. */
inline claim(by, q) {
  if
  :: driver[REPLAY_OF(q)] == 1 + (by) && step[q] == UNSENT ->
    if
    :: IS_WAITED_FOR(q) ->
      assert(status == SCHEDULED && current == OF_PAIR(q));  /* P2: it is waited for still */
      is_claimed = true
    :: else ->
      step[q] = ENDED;
      waiting = waiting & ~BIT(LETTER_OF(q))
    fi
#ifdef BREAK_STALE_LOOK
  :: driver[REPLAY_OF(q)] == 1 + (by) && step[q] >= CLAIMED && step[q] <= IN_DOUBT ->
    step[q] = ENDED
#endif
  :: driver[REPLAY_OF(q)] == 1 + (by) && step[q] == PENDING && (running & BIT(REPLAY_OF(q))) ->
    if
#ifdef BREAK_MOVED_WHEN_MADE
    :: owner == ID_OF(q) && current == OF_PAIR(q) ->
      is_claimed = true
#endif
    :: !(waiting & BIT(LETTER_OF(q))) && MAY_MOVE(LETTER_OF(q)) ->
      move_row(q);
      is_claimed = true
    :: else -> step[q] = ENDED
    fi
  :: else
  fi;
  if
  :: is_claimed ->
    step[q] = CLAIMED;
    waiting = waiting | BIT(LETTER_OF(q))
  :: else
  fi
}

/* No queue has the message, nor will one: an execution that the letter had failed is failed again, if
 * it is as the claim left it; also where an earlier replay had brought it back. One that its letter
 * had left alone waits on, and the letter may come again. */
inline fail_again(q) {
  step[q] = UNANSWERED;
  waiting = waiting & ~BIT(LETTER_OF(q));
  if
#ifdef BREAK_RELEASE_UNROUTABLE
  :: owner == ID_OF(q) ->
#else
  :: owner == ID_OF(q) && HAD_FAILED_IT(LETTER_OF(q)) ->
#endif
    if
#ifdef BREAK_FAILED_BLINDLY
    :: HAD_FAILED_IT(LETTER_OF(q)) ->
#else
    :: HAD_FAILED_IT(LETTER_OF(q)) && IS_AS_CLAIMED ->
#endif
      assert(!(out & BIT(q)));                     /* P2: somebody has it, and will work on it */
      assert(status == SCHEDULED && current == OF_PAIR(q));  /* P2: it waits for another by now */
      status = FAILED;
      failed_by = 1 + LETTER_OF(q)
    :: else -> current = (current == OF_PAIR(q) -> ORIGINAL : current)  /* somebody works on it */
    fi;
    owner = 0;
    moved = moved & ~BIT(q)
  :: else
  fi
}

#ifdef BREAK_ANY_CLAIM
#define IS_OF_CLAIM(d, p) IS_OUT(p)
#else
#define IS_OF_CLAIM(d, p) (IS_OUT(p) && claimer[p] == 1 + (d))
#endif

inline doubt(q) {
  assert(!(confirmed & BIT(q)));                   /* P3: known to be sent, it is not in doubt */
  step[q] = IN_DOUBT
}

/* One transaction. A mark is of one claim; what came since is not its business. */
inline mark(by, q) {
  if
  :: doing[by] == MARK_SENT && IS_OF_CLAIM(by, q) ->
    assert(out & BIT(q));                          /* P1: sent is what the broker has confirmed */
    confirmed = confirmed | BIT(q);
    step[q] = SENT
  :: doing[by] == MARK_DOUBT && IS_OF_CLAIM(by, q) -> doubt(q)
  :: (doing[by] == MARK_UNSENT || doing[by] == MARK_LOST) && IS_OF_CLAIM(by, q) -> step[q] = UNSENT
  :: doing[by] == MARK_NOBODYS && IS_OF_CLAIM(by, q) -> fail_again(q)
  :: doing[by] == MARK_HOPELESS && step[q] == PENDING -> step[q] = UNANSWERED
  :: doing[by] == MARK_HOPELESS && step[q] == UNSENT -> fail_again(q)
#ifdef BREAK_ANY_CLAIM
  :: doing[by] == MARK_HOPELESS && IS_OUT(q) -> fail_again(q)
#endif
  :: else
  fi
}

/* What an earlier driver claimed and did not mark, nobody knows. */
inline lease(by, r) {
  driver[r] = 1 + (by);
  x = 0;
  do
  :: x < PAIRS ->
    if
    :: REPLAY_OF(x) == (r) && step[x] == CLAIMED ->
#ifdef BREAK_DOUBT_SENT_AGAIN
      step[x] = UNSENT
#else
      doubt(x)
#endif
    :: else
    fi;
    x++
  :: else -> break
  od
}

/* The selection is frozen; a letter that another replay has is taken. */
inline ask(r) {
  made = made | BIT(r);
  running = running | BIT(r);
  x = 0;
  do
  :: x < PAIRS ->
    if
    :: REPLAY_OF(x) == (r) && LETTER_OF(x) < letters ->
#ifdef BREAK_TAKEN_TWICE
      step[x] = PENDING;
#else
      step[x] = ((LETTER_OF(x) == 0 && (IS_ACTIVE(0) || IS_ACTIVE(1))) -> ENDED : PENDING);
#endif
#ifdef BREAK_MOVED_WHEN_MADE
      if
      :: step[x] == PENDING && IS_FAILED_BY(LETTER_OF(x)) -> move_row(x)
      :: else
      fi
#endif
    :: else
    fi;
    x++
  :: else -> break
  od
}

inline cancel(r) {
  running = running & ~BIT(r);
  x = 0;
  do
  :: x < PAIRS ->
    if
    :: REPLAY_OF(x) == (r) && step[x] == PENDING -> step[x] = ENDED
    :: else
    fi;
    x++
  :: else -> break
  od
}

/* --- the drivers --------------------------------------------------------------------------- */

inline set(d, what, q) {
  doing[d] = what;
  pair[d] = (doing[d] == NOTHING -> 0 : (q))
}

/* Killed. Who starts in its place knows nothing of what it did. */
inline forget(d) {
  departed[d] = 0;
  set(d, NOTHING, 0);
  driver[0] = (driver[0] == 1 + (d) -> 0 : driver[0]);
  driver[1] = (driver[1] == 1 + (d) -> 0 : driver[1]);
  x = 0;
  do
  :: x < PAIRS -> claimer[x] = (claimer[x] == 1 + (d) -> 0 : claimer[x]); x++
  :: else -> break
  od
}

/* --- what always holds --------------------------------------------------------------------- */

#define IS_SETTLED(p) (!IS_ACTIVE(p) || (step[p] == PENDING && !(running & BIT(REPLAY_OF(p)))))
#if LETTERS == 2
#define ALL_SETTLED (IS_SETTLED(0) && IS_SETTLED(1) && IS_SETTLED(2))
#else
#define ALL_SETTLED (IS_SETTLED(0) && IS_SETTLED(1) && IS_SETTLED(2) && IS_SETTLED(3))
#endif
/* Each replay has ended, or waits for its operator. */
#define IS_QUIET (ALL_SETTLED && (doing[0] | doing[1] | departed[0] | departed[1]) == 0)

#define IS_THERE(m) \
  ((m) == ANEW -> is_anew : ((m) != ORIGINAL && (out & BIT((m) - 1))))

inline look_for_a_way() {
  has_a_way = IS_THERE(current);
  x = 0;
  do
  :: x < letters -> has_a_way = has_a_way || MAY_MOVE(x); x++
  :: else -> break
  od
}

/* A mark of a claim that is not the last one changes nothing any more. */
inline drop_late_mark(d) {
  if
  :: (doing[d] == MARK_HOPELESS && step[pair[d]] != PENDING && step[pair[d]] != UNSENT) ||
     (doing[d] > IN_HAND && doing[d] < MARK_HOPELESS && !IS_OF_CLAIM(d, pair[d]) &&
      !(doing[d] == MARK_LOST && departed[d] == 1 + pair[d])) ->
    set(d, NOTHING, 0)
  :: else
  fi
}

/* What nobody will ask for again is forgotten, so that states differ only where it matters. Of two
 * attempts it is only asked whether they are one, and which is the later. */
inline tidy_up() {
#ifndef BREAK_ANY_CLAIM
  drop_late_mark(0);
  drop_late_mark(1);
#endif
  a = 1 + (owner != 0 && attempt > owner_attempt);
  x = 0;
  do
  :: x < MESSAGES -> stamp[x] = (stamp[x] == attempt -> a : 0); x++
  :: else -> break
  od;
  attempt = a;
  owner_attempt = (owner != 0);
  x = 0;
  do
  :: x < PAIRS ->
    claimer[x] = (IS_OUT(x) -> claimer[x] : 0);
    if
    :: !IS_ON_ITS_WAY(x) ->
      confirmed = confirmed & ~BIT(x);
      moved = (step[x] == ENDED -> moved & ~BIT(x) : moved)
    :: else
    fi;
    x++
  :: else -> break
  od
}

/* Twins: it is all one which of the two drivers is in which state. */
#define STANDING(d) \
  ((doing[d] << 10) | (pair[d] << 8) | (departed[d] << 5) | \
   ((driver[0] == 1 + (d)) << 4) | ((driver[1] == 1 + (d)) << 3))

inline order_drivers() {
  if
  :: STANDING(0) < STANDING(1) ->
    a = doing[0]; doing[0] = doing[1]; doing[1] = a;
    a = pair[0]; pair[0] = pair[1]; pair[1] = a;
    a = departed[0]; departed[0] = departed[1]; departed[1] = a;
    driver[0] = (driver[0] -> 3 - driver[0] : 0);
    driver[1] = (driver[1] -> 3 - driver[1] : 0);
    x = 0;
    do
    :: x < PAIRS -> claimer[x] = (claimer[x] -> 3 - claimer[x] : 0); x++
    :: else -> break
    od
  :: else
  fi
}

#define IS_CARRIED(l) (IS_ON_ITS_WAY(1 + (l)) || ((l) == 0 && IS_ON_ITS_WAY(0)))

inline after_every_step() {
  is_claimed = false;
  assert(!(waiting & 1) || IS_CARRIED(0));         /* P5: what is on its way, somebody follows */
  assert(!(waiting & 2) || IS_CARRIED(1));         /* P5 */
#if LETTERS > 2
  assert(!(waiting & 4) || IS_CARRIED(2));         /* P5 */
#endif
  assert(!(IS_ACTIVE(0) && IS_ACTIVE(1)));         /* P3: a letter is in one replay at a time */
  tidy_up();
  if
  :: IS_QUIET ->
    look_for_a_way();
    assert(status != SCHEDULED || has_a_way);      /* P5: nobody waits for what is no more */
    has_a_way = false
  :: else
  fi;
  order_drivers();
  x = 0;
  a = 0
}

#define DONE after_every_step()

/* --- the processes ------------------------------------------------------------------------- */

inline arrive(q) {
  assert(!(out & BIT(q)));                         /* P3: no replay sends a message twice */
  out = out | BIT(q)
}

#define DRIVES(d, p) (driver[REPLAY_OF(p)] == 1 + (d))
#define IS_NEXT(d, p) \
  (doing[d] == NOTHING && DRIVES(d, p) && \
   (step[p] == UNSENT || (step[p] == PENDING && (running & BIT(REPLAY_OF(p))))))

#if LETTERS == 2
#define HAS_PENDING_1 (step[1] == PENDING || step[2] == PENDING)
#define HAS_LEFT_1 (IS_ACTIVE(1) || IS_ACTIVE(2))
#else
#define HAS_PENDING_1 (step[1] == PENDING || step[2] == PENDING || step[3] == PENDING)
#define HAS_LEFT_1 (IS_ACTIVE(1) || IS_ACTIVE(2) || IS_ACTIVE(3))
#endif
#define HAS_PENDING_0 (step[0] == PENDING)
#define HAS_LEFT_0 IS_ACTIVE(0)

/* What driver d begins for pair p, and what it hears of it later. */
proctype Drives(byte d; byte p) {
end:
  do
  :: d_step { IS_NEXT(d, p) ->
      claim(d, p);
      if
      :: is_claimed -> claimer[p] = 1 + d; set(d, IN_HAND, p)
      :: else
      fi; DONE }
  /* The claim's answer is lost: it came to pass or did not, or (DEPARTS) it will. */
  :: d_step { FAULTS && IS_NEXT(d, p) ->
      claim(d, p); claimer[p] = 1 + d; set(d, MARK_LOST, p); DONE }
#ifdef DEPARTS
  :: d_step { FAULTS && IS_NEXT(d, p) && departed[d] == 0 ->
      departed[d] = 1 + p; set(d, MARK_LOST, p); DONE }
#endif
#ifdef HOPELESS
  /* Not to be sent at all: its exchange is missing, or there is no message to be made of it. */
  :: d_step { FAULTS && IS_NEXT(d, p) -> set(d, MARK_HOPELESS, p); DONE }
#endif
#ifndef BREAK_FORGOTTEN
  /* Claimed long ago, and the driver was never told. */
  :: d_step { DRIVES(d, p) && step[p] == CLAIMED && (doing[d] == NOTHING || pair[d] != p) ->
      doubt(p); DONE }
#endif
  /* Followed: the row tells how it ended, or nothing does in time. */
  :: d_step { DRIVES(d, p) && (step[p] == SENT || step[p] == IN_DOUBT) ->
      step[p] = (IS_FINAL -> ENDED : UNANSWERED); waiting = waiting & ~BIT(LETTER_OF(p)); DONE }
  od
}

/* What it does with the pair that it has begun with. */
proctype Replayer(byte d) {
end:
  do
#ifdef DEPARTS
  :: d_step { departed[d] != 0 ->
      claim(d, departed[d] - 1);
      if
      :: is_claimed ->
        claimer[departed[d] - 1] =
          ((doing[d] == MARK_LOST && pair[d] == departed[d] - 1) -> 1 + d : 0)
      :: else
      fi;
      departed[d] = 0; DONE }
  :: d_step { departed[d] != 0 -> departed[d] = 0; DONE }
#endif

  /* Published, and confirmed. */
  :: d_step { doing[d] == IN_HAND -> arrive(pair[d]); doing[d] = MARK_SENT; DONE }
  /* No answer, or a nack: a queue has it, or none has. */
  :: d_step { FAULTS && doing[d] == IN_HAND ->
      arrive(pair[d]);
#ifdef BREAK_NACK_IS_NOBODYS
      doing[d] = MARK_NOBODYS;
#else
      doing[d] = MARK_DOUBT;
#endif
      DONE }
  :: d_step { FAULTS && doing[d] == IN_HAND -> doing[d] = MARK_DOUBT; DONE }
  /* Returned, or refused before it was sent. */
  :: d_step { FAULTS && doing[d] == IN_HAND -> doing[d] = MARK_NOBODYS; DONE }
  /* There is no connection. */
  :: d_step { FAULTS && doing[d] == IN_HAND -> doing[d] = MARK_UNSENT; DONE }
#ifdef BREAK_MARK_FIRST
  :: d_step { FAULTS && doing[d] == IN_HAND -> doing[d] = MARK_SENT; DONE }
#endif

  :: d_step { doing[d] >= MARK_SENT -> mark(d, pair[d]); set(d, NOTHING, 0); DONE }
  /* The mark's answer is lost: it is marked again. */
  :: d_step { FAULTS && doing[d] >= MARK_SENT -> mark(d, pair[d]); DONE }

  :: d_step { HAS_LEFT_0 && driver[0] == 0 -> lease(d, 0); DONE }
  :: d_step { HAS_LEFT_1 && driver[1] == 0 -> lease(d, 1); DONE }
  /* The lease of one who lives has run out. */
  :: d_step { FAULTS && HAS_LEFT_0 && driver[0] == 2 - d -> lease(d, 0); DONE }
  :: d_step { FAULTS && HAS_LEFT_1 && driver[1] == 2 - d -> lease(d, 1); DONE }
  :: d_step { FAULTS && STANDING(d) != 0 -> forget(d); DONE }
  od
}

#define MAY_DIE(m) (letters < LETTERS && IS_THERE(m))

proctype Platform() {
end:
  do
  /* Messages die, in the queue or of a worker, and may do so again. */
  :: d_step { FAULTS && MAY_DIE(OF_PAIR(0)) -> die(OF_PAIR(0)); DONE }
  :: d_step { FAULTS && MAY_DIE(OF_PAIR(1)) -> die(OF_PAIR(1)); DONE }
  :: d_step { FAULTS && MAY_DIE(OF_PAIR(2)) -> die(OF_PAIR(2)); DONE }
#if LETTERS > 2
  :: d_step { FAULTS && MAY_DIE(OF_PAIR(3)) -> die(OF_PAIR(3)); DONE }
#endif
#ifndef PARKED
  /* A copy of the first letter, under another death. */
  :: d_step { FAULTS && letters < LETTERS -> die(ORIGINAL); DONE }
#endif
  /* Workers, with a message or with one from long ago. */
  :: d_step { FAULTS && status == SCHEDULED -> status = RUNNING; DONE }
  :: d_step { FAULTS && status != COMPLETED -> status = COMPLETED; failed_by = 0; DONE }
#ifdef RESCHEDULES
  :: d_step { FAULTS && MAY_DIE(ANEW) -> die(ANEW); DONE }
  /* It schedules the work anew. */
  :: d_step { FAULTS && !is_anew && status != COMPLETED ->
      is_anew = true;
      status = SCHEDULED;
      failed_by = 0;
      attempt++;
      stamp[ANEW] = attempt;
      current = ANEW; DONE }
#endif
  /* The second look: from a final row the note of whom it waits for goes. */
  :: d_step { FAULTS && owner != 0 && IS_FINAL -> owner = 0; DONE }
  od
}

proctype Operators() {
end:
  do
  :: d_step { FAULTS && !(made & 1) -> ask(0); DONE }
  :: d_step { FAULTS && !(made & 2) -> ask(1); DONE }
#ifdef STEERED
  /* To steer one of which nothing is pending changes nothing. */
  :: d_step { FAULTS && HAS_PENDING_0 -> running = running ^ 1; DONE }
  :: d_step { FAULTS && HAS_PENDING_1 -> running = running ^ 2; DONE }
  :: d_step { FAULTS && HAS_PENDING_0 -> cancel(0); DONE }
  :: d_step { FAULTS && HAS_PENDING_1 -> cancel(1); DONE }
#endif
  od
}

init {
  atomic {
    stamp[ORIGINAL] = 1;
#ifndef PARKED
    status = FAILED;
    failed_by = 1;
    failers = 1;
#endif
    run Drives(0, 0);
    run Drives(1, 0);
    run Drives(0, 1);
    run Drives(1, 1);
    run Drives(0, 2);
    run Drives(1, 2);
#if LETTERS > 2
    run Drives(0, 3);
    run Drives(1, 3);
#endif
    run Replayer(0);
    run Replayer(1);
    run Platform();
    run Operators()
  }
#ifdef LIVENESS
  calm = true
#else
end:
  timeout -> assert(IS_QUIET)                      /* P5 */
#endif
}

#ifdef LIVENESS
/* A run in which faults end, and in which some replay neither ends nor waits for its operator. What
 * operators and workers do counts as a fault: they need not. */
never {
  do
  :: true
  :: calm && !IS_QUIET -> goto accept
  od;
accept:
  do
  :: !IS_QUIET
  od
}
#endif
