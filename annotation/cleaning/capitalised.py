"""Capitalised words that are no names of people: what begins sentences, and what companies, courts and places are
called. Lower case.
"""

from __future__ import annotations

from annotation.cleaning.word_lists import words

ORGANISATIONS = frozenset(
    words("""
inc llc llp lp ltd limited corp corporation co company gmbh ag kg plc pllc pc sa bv nv group holdings
partners partnership associates association bank trust union fund foundation institute university college
school academy hospital hospitals clinic center centre medical surgical health healthcare dental pharmacy
laboratories labs lab court courts county city town village state states department dept agency bureau
commission board council office police pd university church mosque temple synagogue ministry ministries
mutual insurance assurance casualty indemnity underwriters recovery collections credit financial finance
capital lending mortgage loans leasing rentals realty properties property residential homes apartments apts
estates management services service solutions systems technologies technology software electronics motors
auto automotive autos trucking freight logistics transport transportation airlines airways express delivery
moving storage foods food grocery market markets mart store stores shop supply supplies furniture carpet
flooring roofing plumbing electric electrical heating air mechanical exteriors construction contracting
contractors builders building buildings homes landscaping lumber mills mill factory works industries
industrial manufacturing products brands restaurant restaurants cafe grill diner kitchen bakery catering
hotel hotels inn lodge resort salon spa fitness gym cleaners laundry security studios studio media press
news times journal network networks broadcasting university law firm legal society club league team
consulting consultants advisors ventures enterprises international national american federal global united
first north south east west energy power gas oil water utilities telecom wireless communications mobile
cable street st avenue ave road rd boulevard blvd lane ln drive dr. way circle parkway highway trail square
plaza park parks lake river creek mountain hill hills ridge valley beach island bay harbor port bridge woods
forest springs station airport terminal tower towers hall house gardens garden village crossing landing
place terrace heights manor pointe point commons act code rule rules statute amendment section article
chapter title exhibit schedule appendix form agreement contract lease policy plan program project model
version release series type class level grade phase stage unit suite room floor disease syndrome test scale
score index criteria theorem law effect method equation valve engine pump bearing motor controller sensor
module server api protocol standard specification wrecker towing collision waterproofing outdoor living
cabinetry nails truss community owners homeowners tenants authority administration division laboratory
orthopedics cardiology radiology oncology pediatrics physicians surgeons urgent care wellness nursing rehab
rehabilitation hospice memorial regional general baptist methodist presbyterian lutheran university sons
bros brothers & pictures records games toys jewelers exchange investments securities advisory analytics data
cloud digital interactive labs works farms farm ranch dairy orchard vineyards winery brewery distillery
cnty cty restoration renovations funding grain feed haulers timber weddings learning wholesale reit ready-mix
framing concrete surveying paving suites bakehouse er nursery kennel stables charter
elementary high middle preschool daycare daycare center""")
)
COMMON = frozenset(
    words("""
a about above according account action actually additional address adjuster advice after again age agreement
all allergies also although always am an and another answer any apart apartment apologies appeal appeals
applicant approx april are article as ask asked assessment assets at atty aug august based be because before
beginning being below best between bill bills both bring but by call called caller calls can cannot car case
cash certainly child children chief claim claims clause clerk client clt co come company complaint
complaints conclusion condition consider contact contract core could counsel court covenant creditor current
currently customer damages date dated day days dear deadline debtor dec december defendant deposit
description desired despite details diagnosis did direct discharge discussion dispute do docket doctor
document documents does done dose dr driver drug due during each early either email emergency employee
employer employers en end english estimate even every everything evidence exam examination except exhibit
explained facts failure family father feb february federal fee fees fifth figure final find finding findings
fine first five follow following for former found four fourth fri friday from full further gave general get
give given good got government great green group guarantor had half has have having he health hello her here
hereby hi his history home homeowner hours house how however husband i id if impression in include including
income inspection instead insurance insured intake into is issue issues it its jan january judge jul july
jun june jurisdiction just keep key kids know labor land landlord last late later law lawyer lease left
legal lender lessee lessor let letter like lives living loan long looking made mail make male female man
management manager mar march material may maybe me measure meanwhile med medical medication medications
meeting memo met might mon monday month monthly more moreover most mother motion mr mrs ms mum must my name
names near need needs neighbor neither never new next nice no none nor not note notes nothing notice nov
november now number nurse o.c.g.a objective obtained occupation oct october of off offer officer often ok
okay old on once one only open operator opinion option or order other others our out outstanding over owner
page paid paragraph part parties party past patient patients pay payment pending per perhaps person pet
petitioner phone photo photos physical plaintiff plan please point police policy possible present previous
price principal prior problem procedure project promised property pros provided pt question questions quit
re read reading reason received recommend record records ref regarding regards relief remedies remedy rent
repair report request requested requests required requirement respondent response rest result results review
reviewed right risk roommate rule said same sat saturday saw say says schedule second section see seeks
seller sent sep sept september settlement seven she should side signed since sincerely sir sister six so
some somebody someone son soon sorry source spoke staff state statement states step still stop street
subject such suit summary summer sun sunday supervisor supreme sure surgery system take talk tax telephone
tell ten tenant tenants test tests than thank thanks that the their them then there therefore these they
thing things think third this those though three through thu thursday thus time timeline to today together
told tomorrow too total toward treatment true trustee try tue tuesday turn two type under unit until up upon
us use used user using vehicle verified version very via victim visit voicemail vs wage wages walk want
wanted wants warning was water we wed wednesday week weeks well went were what when where whereas whether
which while who whole whom whose why wife will wishes with within without witness work worker workers works
would write wrote year years yes yet you your sincerely yours respectfully faithfully truly american british
canadian mexican german french spanish italian dutch chinese indian african asian european english latin
hispanic christian catholic jewish muslim georgia florida texas california alabama carolina tennessee
virginia washington york jersey hampshire ohio illinois michigan pennsylvania maryland massachusetts arizona
nevada oregon colorado utah kansas missouri iowa minnesota wisconsin indiana kentucky louisiana mississippi
oklahoma arkansas nebraska dakota montana wyoming idaho hawaii alaska maine vermont delaware connecticut
atlanta boston columbus chicago dallas houston denver seattle miami philadelphia phoenix detroit berlin munich
hamburg frankfurt cologne vienna zurich geneva paris london madrid barcelona rome milan amsterdam brussels
lisbon dublin toronto canada mexico germany france spain italy netherlands europe america england scotland
wales ireland india china japan christmas easter thanksgiving xmas halloween medicare medicaid covid hipaa
osha fbpa udaap gdpr internet google apple microsoft amazon facebook instagram whatsapp youtube uber lyft
airbnb walmart target costco ford toyota honda chevrolet chevy nissan bmw mercedes volkswagen tesla buick
dodge jeep kia hyundai subaru android windows linux iphone ipad python java aspirin ibuprofen metformin
lisinopril warfarin insulin tylenol january""")
)
