"""Words around names: what says that a person follows, what belongs to a name and is none, and what is no person."""

from __future__ import annotations

from annotation.cleaning.word_lists import words

TITLES = frozenset(
    words("""
mr mrs ms miss mx messrs dr doctor prof professor judge justice hon honorable atty attorney sir dame madam
rev reverend fr sister brother father rabbi imam pastor officer deputy sheriff detective sgt sergeant lt
lieutenant capt captain cpl col colonel maj major nurse herr frau monsieur madame mme mlle señor señora sra
dhr mevr signor signora dott""")
)
SUFFIXES = frozenset(words("""jr sr ii iii iv esq phd md rn jd dds cpa np pa pe llm"""))
PARTICLES = frozenset(
    words("""van von der den de la del della di da dos das du le el bin ibn ter ten zu zur y e af av st san mac mc""")
)
ROLES = frozenset(
    words("""
client clt patient pt tenant landlord landlady plaintiff defendant claimant respondent petitioner appellant
appellee caller buyer seller purchaser borrower guarantor debtor employee employer
supervisor manager adjuster witness husband wife spouse ex-husband ex-wife son daughter sister brother
mother father mom dad stepson stepdaughter uncle aunt cousin nephew niece grandmother grandfather grandson
granddaughter neighbor neighbour coworker co-worker colleague driver owner roommate surgeon contractor
subcontractor nurse attorney lawyer counsel engineer inspector architect technician operator executor
executrix administrator trustee beneficiary heir decedent widow widower guardian ward minor child applicant
insured policyholder passenger pedestrian physician doctor cardiologist radiologist therapist psychologist
paralegal notary mediator arbitrator judge foreman superintendent realtor agent broker accountant bookkeeper
secretary assistant clerk officer deputy partner member lessee lessor mechanic plumber electrician roofer
teacher principal resident intern hygienist dentist pharmacist consultant designer developer tester reviewer
author auditor homeowner girlfriend boyfriend fiancé fiancée friend boss lead complainant founder director
president ceo cfo chairman chairwoman signatory undersigned guest customer victim interpreter caregiver
carer midwife pediatrician oncologist""")
)
KEPT = TITLES | SUFFIXES | PARTICLES
