"""Templates that the detectors may be tuned with. One text each, with a line of dashes between."""

TEMPLATES = """
Client <person A> called at 4:40 pm from <phone>. <last A> rents at <address> from <company> since <day>. The lease
cites <statute>. Ms. <last A> paid <amount> and holds receipt no. <order>. Write to <email A>.
-----
INTAKE. Name: <person A>. DOB: <birth>. SSN <ssn>. Employer: <company>. Supervisor <person B> signed the form on
<day>. <first A> says that <last B> kept the original. Case No. <docket> is still open under <statute>.
-----
Patient <person A>, MRN <record>, born <birth>, was seen on <day> by Dr. <last B>. Metformin 500 mg twice daily, BP
128/82, HbA1c <short> mmol/mol. Dr. <last B> will call <first A> at <phone>. Form version <version>.
-----
Discharge summary. Medical record no. <record>. <person A>, <short> years old, admitted to <company> after a fall at
home, <address>. Next of kin: husband <person B>, phone <phone>. Follow-up in <short> days with Nurse <last C>.
-----
Incident report. Pump <part> failed at <short> bar on <day>. Firmware <version>, per <statute>. Reported by <person
A>; approved by <person B>. Order no. <order>, tracking number <tracking>. <last A> replaced the seal. Contact <email
A>.
-----
The loan of <amount> was paid from IBAN <iban> and by card <card>. Counsel for <company> is <person A> (Georgia Bar
No. <bar>). Attorney <last A> appeared in Civil Action File No. <docket> on <day>; the court applied <statute>.
-----
Design review <day>. Present: engineer <person A>, inspector <person B>. The bracket <part> meets <statute> at <short>
kN. <first A> asked for release <version>. Invoice <order> from <company> is open. Mobile of <last B>: <phone>.
-----
Dear counsel, my client <person A> asks for the return of a deposit of <amount>. The landlord, <person B>, lives at
<address>. Mr. <last B> wrote on <day> that none is due. See <statute>. Social security number: <ssn>. Date of birth
<birth>.
-----
Under the Agreement of <day>, <company> may end the Services on <short> days' notice. Section <short> governs fees of
<amount>. The Georgia Power rate applies in Virginia Beach and on the Grace period of May. Version <version>; order
number <order>; tracking number <tracking>.
"""
