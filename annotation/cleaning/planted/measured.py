"""Templates that recall and precision are measured on. Nothing is tuned with them: write new ones rather than look at
what is missed here.
"""

TEMPLATES = """
Consultation with <person A> on <day>. She works for <company>; her manager is <person B>. Cell <phone>, e-mail <email
A>. She moved to <address> last year. <last B> refused overtime under <statute>. Damages about <amount>.
-----
Memorandum. Plaintiff <person A> v. <company>, docket number <docket>. Attorney for the plaintiff: <person B>, State
Bar number <bar>. Hearing on <day>. <last A> was born on <birth>. Ms. <last B> objects to exhibit <short>.
-----
Tenant: <person A>. Landlord: <company>. Rent <amount>. The tenant's social security number, <ssn>, was on the
application, as was her card <card>. <first A> wants both struck out. Notice under <statute> went out <day>, ticket
<order>.
-----
Wire <amount> to <iban>, account holder <person A>, <address>. Questions to <email B> or <phone>. Signed by <person B>
for the trust on <day>. Policy number <order>; claim no. <part>.
-----
Pt is <person A>, d.o.b. <birth>, Patient ID: <record>. Complains of chest pain for <short> hours. Dr. <person B>
ordered an ECG at <company>. Daughter <person C> can be reached at <phone>. Dose <short> mg; software <version>; lot
no. <part>.
-----
Operative note <day>. Surgeon: Dr. <last A>. Assistant: <person B>, RN. Chart #<record>. Estimated blood loss <short>
ml. The implant has serial no. <tracking> and conforms to <statute>. <last B> counted the sponges twice.
-----
Therapy session <short>. <person A>, age <short>, lives with her brother <person B> at <address>. <first B> drives
her. Her insurer is <company>, member since <day>. Date of birth: <birth>. SSN on file <ssn>.
-----
Change request. Author: <person A>. Reviewer: <person B>. Valve <part> leaks above <short> bar in release <version>.
Per <statute>, test again by <day>. <last A> ordered seals from <company>, order <order>, paid with <card>. Call
<phone>.
-----
Site visit on <day> with foreman <person A> of <company>. Crack of <short> mm in beam <part>. Mr. <last A> sent photos
from <email A>. Structural engineer <person B> will calculate to <statute>. Access via <address>. Ext. of <last B>:
<phone>.
-----
Settlement. In case no. <docket>, <person A> receives <amount> from <company> by <day>. Payment to IBAN <iban>.
Counsel: <person B> (SBN <bar>). Release per <statute>. <first A> keeps the car.
-----
The licensee shall pay <amount> within <short> days. Notices go to <company>. Nothing in <statute> limits this. The
Parties meet in Florence or Austin in June. Dates: <day>, <day>. Build <version>, part number <part>, order no.
<order>, tracking number <tracking>. A Chase of the Grant and an Act of Congress are no people.
-----
Affidavit of <person A>. I am <short> years old and live at <address>. On <day> officer <last B> stopped me on
<statute> grounds. My phone is <phone>. Witness: <person C>. Bar No. <bar> is that of my lawyer. Case No. <docket>.
"""
